import type { DispatchError, Intent } from 'nestjs-airlock';

/**
 * Calls of effects about which somebody was told that they failed, or that their fate is not known.
 */
export class Complaints {
  readonly calls = new Set<number>();

  /** The request was answered with an error. */
  answered(calls: readonly number[]): void {
    for (const call of calls) this.calls.add(call);
  }

  readonly reported = ({ failures }: DispatchError): void => {
    for (const { intent } of failures) this.calls.add((intent as Intent).args[0] as number);
  };
}
