import type { Effect } from '../model/enqueue-options.js';
import { type Intent, stampOf } from '../model/intent.js';
import type { StampedFrame } from '../model/stamped-frame.js';

/**
 * The verdict about an intent under a key: it is the first, a duplicate, or waits for an open
 * transaction in which another was written.
 * @internal
 */
type DedupeVerdict = 'first' | 'duplicate' | StampedFrame;

/**
 * Keys of the effects that a scope and those nested in it have let out (rule 6). Asked last, once
 * the outcome, the transaction and every policy let an intent out, so that a call which goes
 * nowhere takes no key away from the next.
 *
 * @internal
 */
export class DedupeKeys {
  /**
   * For each effect and key: the transaction whose rollback would free the key; undefined if none
   * can.
   */
  private readonly used = new Map<Effect, Map<string, StampedFrame | undefined>>();

  /**
   * Uses an intent's key, unless another has.
   *
   * @param frame the transaction that the intent is about to be written in, if any
   */
  use(intent: Intent, key: string, frame: StampedFrame | undefined): DedupeVerdict {
    let keys = this.used.get(intent.effect);
    if (keys === undefined) this.used.set(intent.effect, (keys = new Map()));
    const by = keys.get(key);
    if (!keys.has(key) || by?.fate === 'rolledBack') {
      keys.set(key, frame);
      return 'first';
    }
    return by?.fate === 'open' && by !== frame ? by : 'duplicate';
  }
}

/**
 * Calls under a key in a buffer that is full. One that merely repeats such a call is not refused:
 * it could never go out.
 *
 * @internal
 */
export class FullBuffer {
  private readonly firsts = new Map<Effect, Map<string, Intent>>();

  constructor(intents: readonly Intent[]) {
    for (const intent of intents) {
      const { options, path } = stampOf(intent);
      // A policy might drop it and let the repetition out.
      if (options.dedupeKey === undefined || path.gates !== undefined) continue;
      let keys = this.firsts.get(intent.effect);
      if (keys === undefined) this.firsts.set(intent.effect, (keys = new Map()));
      if (!keys.has(options.dedupeKey)) keys.set(options.dedupeKey, intent);
    }
  }

  /**
   * True if an intent is sure to find its key used: outcome and transaction decide both calls
   * alike.
   */
  repeats(intent: Intent): boolean {
    const { options, on, frame } = stampOf(intent);
    const first =
      options.dedupeKey === undefined
        ? undefined
        : this.firsts.get(intent.effect)?.get(options.dedupeKey);
    return first !== undefined && stampOf(first).on === on && stampOf(first).frame === frame;
  }
}
