import { codeOf, kindOf } from '../../../errors/thrown.js';
import type { Redaction } from './redaction.js';

/** Text of an error: its class, its code, and what `redactError` returns. @internal */
export class ShownErrors {
  constructor(private readonly redaction: Redaction<unknown>) {}

  /** @param name of the effect that has failed with it */
  of(name: string, error: unknown): string {
    const code = codeOf(error);
    const title = code === undefined ? kindOf(error) : `${kindOf(error)} (${code})`;
    const text = this.redaction.of(name, error);
    return text === undefined ? title : `${title}: ${text}`;
  }
}
