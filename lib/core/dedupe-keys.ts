import type { Effect } from './intent.js';
import type { StampedFrame } from './stamped-frame.js';

/** Which calls of a unit of work repeat an earlier one, by the keys they were given (rule 6). @internal */
export class DedupeKeys {
  /** The transactions that calls under a key were made in, and not the intents, which may be gone long before the scope ends. */
  private readonly known = new Map<Effect, Map<string, readonly (StampedFrame | undefined)[]>>();

  /** False for a repeated call, unless a rollback may take the first and leave this one. */
  isNew(effect: Effect, key: string, frame: StampedFrame | undefined): boolean {
    const its = this.known.get(effect)?.get(key) ?? [];
    return !its.some(
      (one) => one === undefined || one.fate === 'committed' || (one.fate === 'open' && one.encloses(frame)),
    );
  }

  remember(effect: Effect, key: string, frame: StampedFrame | undefined): void {
    let ofEffect = this.known.get(effect);
    if (ofEffect === undefined) this.known.set(effect, (ofEffect = new Map()));
    // Not those that were rolled back: a transaction may be tried again and again.
    const its = ofEffect.get(key)?.filter((one) => one?.fate !== 'rolledBack') ?? [];
    ofEffect.set(key, [...its, frame]);
  }
}
