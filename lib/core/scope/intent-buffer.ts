import { type Intent, restamped, stampOf } from '../model/intent.js';
import type { StampedFrame } from '../model/stamped-frame.js';
import { FullBuffer } from './dedupe-keys.js';

/** The intents of one unit of work, in the order of their calls. @internal */
export class IntentBuffer {
  /** True if any intent is for another outcome than success. */
  hasTriggers = false;
  /** True if any intent is not to hold up the answer. */
  hasAfterResponse = false;
  /** Made at the first call, since most units of work buffer nothing. */
  private intents: Intent[] | undefined;
  /** Index of the first intent that an open transaction may decide about; undefined for none. */
  private framedFrom: number | undefined;
  private full: FullBuffer | undefined;

  get length(): number {
    return this.intents === undefined ? 0 : this.intents.length;
  }

  get all(): readonly Intent[] {
    return this.intents ?? [];
  }

  /** The intent that was buffered last. */
  get last(): Intent | undefined {
    return this.intents?.at(-1);
  }

  /**
   * True if a call repeats one that is buffered under the same key, so that a full buffer need not
   * refuse it.
   */
  isRepeated(intent: Intent): boolean {
    return (this.full ??= new FullBuffer(this.all)).repeats(intent);
  }

  add(intent: Intent): void {
    const { on, options, frame } = stampOf(intent);
    if (on !== 'success') this.hasTriggers = true;
    if (options.dispatch !== undefined) this.hasAfterResponse = true;
    if (frame !== undefined) this.framedFrom ??= this.length;
    if (this.intents === undefined) this.intents = [intent];
    else this.intents.push(intent);
  }

  /**
   * Takes over intents of another buffer.
   *
   * @param areFramed true if a transaction may decide about some of them
   */
  addAll(intents: readonly Intent[], from: IntentBuffer, areFramed: boolean): void {
    this.hasTriggers ||= from.hasTriggers;
    this.hasAfterResponse ||= from.hasAfterResponse;
    if (areFramed) this.framedFrom ??= this.length;
    // Copied as a whole: intents of a deeply nested scope are handed up many times.
    this.intents = this.all.concat(intents);
  }

  /** Empties the buffer, or takes only what `wanted` picks. */
  take(wanted?: (intent: Intent) => boolean): Intent[] {
    const all = this.intents ?? [];
    this.full = undefined;
    if (this.framedFrom !== undefined) this.framedFrom = wanted && 0;
    this.intents = wanted && all.filter((intent) => !wanted(intent));
    return wanted === undefined ? all : all.filter(wanted);
  }

  /**
   * `take` for intents that transactions decide about: looks only at those from the first of them
   * on.
   */
  takeFramed(wanted: (intent: Intent) => boolean): readonly Intent[] {
    if (this.framedFrom === undefined || this.intents === undefined) return [];
    const since = this.intents.slice(this.framedFrom);
    const taken = since.filter(wanted);
    if (taken.length === 0) return taken;
    this.full = undefined;
    const gone = new Set(taken);
    this.intents.length = this.framedFrom;
    for (const intent of since) if (!gone.has(intent)) this.intents.push(intent);
    return taken;
  }

  /** Lists what was buffered after `last` for success, in no transaction. */
  unframedSince(last: Intent | undefined): readonly Intent[] {
    return this.all.slice(this.indexAfter(last)).filter(isUnframed);
  }

  /**
   * Stamps the intents that `unframedSince` lists with a transaction.
   *
   * @returns the stamped ones
   */
  adopt(frame: StampedFrame, last: Intent | undefined): readonly Intent[] {
    const adopted: Intent[] = [];
    for (let at = this.indexAfter(last); at < this.length; at++) {
      const intent = this.intents![at]!;
      if (!isUnframed(intent)) continue;
      this.framedFrom = Math.min(this.framedFrom ?? at, at);
      adopted.push((this.intents![at] = restamped(intent, { ...stampOf(intent), frame })));
    }
    if (adopted.length > 0) this.full = undefined;
    return adopted;
  }

  private indexAfter(intent: Intent | undefined): number {
    return intent === undefined ? 0 : this.all.lastIndexOf(intent) + 1;
  }

  /** To be called when no transaction is open that any of the intents belongs to. */
  forgetTransactions(): void {
    this.framedFrom = undefined;
  }
}

/** True for an ordinary intent that belongs to no transaction. */
function isUnframed(intent: Intent): boolean {
  const { frame, on, options } = stampOf(intent);
  return frame === undefined && on === 'success' && options.survivesRollback !== true;
}
