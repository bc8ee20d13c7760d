import type { DispatchResult } from '../../core/model/executor.js';
import type { Intent } from '../../core/model/intent.js';

/** Destination that consecutive intents go to together. @internal */
export interface Destination {
  /**
   * Identity of the server behind it, which may be down for other destinations as well. One value
   * for one Redis.
   */
  readonly server: unknown;
  /**
   * @param isPatient false if the server was found down a moment ago, so that waiting once more
   * gains nothing
   */
  send(intents: readonly Intent[], isPatient: boolean): Promise<readonly DispatchResult[]>;
}

/** Fails intents whose destination is not known. @internal */
export class UnknownDestination implements Destination {
  readonly server = this;

  constructor(private readonly error: unknown) {}

  async send(intents: readonly Intent[]): Promise<readonly DispatchResult[]> {
    return intents.map((intent) => ({ intent, error: this.error }));
  }
}

/**
 * Largest number of intents that a destination gets at once. Each such part has its own time limit.
 */
const LARGEST = 1_000;

/**
 * Cuts intents, in their order, where the destination changes or a part is full.
 * @internal
 */
export function* partsOf(
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
