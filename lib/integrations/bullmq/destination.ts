import type { DispatchResult } from '../../core/model/executor.js';
import type { Intent } from '../../core/model/intent.js';

/** Destination that consecutive intents go to together. @internal */
export interface Destination {
  /**
   * The server behind it, which may be down for other destinations as well: one value for one
   * Redis.
   */
  readonly line: unknown;
  /**
   * @param isPatient false where the line was found down a moment ago, so that nothing is gained by
   *   waiting once more
   */
  send(intents: readonly Intent[], isPatient: boolean): Promise<readonly DispatchResult[]>;
}

/** Takes what has nowhere to go. @internal */
export class Nowhere implements Destination {
  readonly line = this;

  constructor(private readonly error: unknown) {}

  async send(intents: readonly Intent[]): Promise<readonly DispatchResult[]> {
    return intents.map((intent) => ({ intent, error: this.error }));
  }
}

/** Most intents that a destination is handed at once: a time for each such part bounds its wait. */
const LARGEST = 1_000;

/**
 * Intents in their order, cut where the destination changes or the largest part is full.
 * @internal
 */
export function* consignmentsOf(
  intents: readonly Intent[],
  destinationOf: (intent: Intent) => Destination,
): Generator<readonly [Destination, readonly Intent[]]> {
  let destination: Destination | undefined;
  let waiting: Intent[] = [];
  for (const intent of intents) {
    const next = destinationOf(intent);
    if (destination !== undefined && (next !== destination || waiting.length === LARGEST)) {
      yield [destination, waiting];
      waiting = [];
    }
    destination = next;
    waiting.push(intent);
  }
  if (destination !== undefined) yield [destination, waiting];
}
