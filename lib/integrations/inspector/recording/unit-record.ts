import type { Intent } from '../../../core/model/intent.js';
import type { Policy } from '../../../core/model/policy.js';
import type { UnitOfWork } from '../../../core/scope/unit-of-work.js';
import { type Attempt, attempted } from '../view/attempts.js';
import type { EffectView, TransactionView } from '../view/inspector.view.js';
import type { BoundedList } from './bounded-lists.js';

/** Number of effects of one unit of work that are kept; the others are counted. */
const MOST_EFFECTS = 100;

const NONE: readonly never[] = Object.freeze([]);

/**
 * Facts about one effect, kept as the messages say it, since most records are never looked at.
 * @internal
 */
export class EffectRecord {
  fate: 'open' | 'sent' | 'dropped' | 'failed' = 'open';
  reason: string | undefined = undefined;
  policy: Policy | undefined = undefined;
  error: unknown = undefined;
  durationMs: number | undefined = undefined;
  attempt: Attempt | undefined = undefined;
  /** Text that `redact` has made of its arguments; null before it was asked. */
  args: string | undefined | null = null;

  constructor(
    readonly intent: Intent,
    /** Unit of work that it was called in. */
    readonly unit: UnitOfWork,
    readonly place: string | undefined,
  ) {}
}

/**
 * Facts about one unit of work and all that belongs to it: nested scopes, and what its effects call
 * in their turn.
 * @internal
 */
export class UnitRecord {
  startedAt = Date.now();
  durationMs: number | undefined = undefined;
  /** Records of effects that are not over, or were not shown since. */
  effects: EffectRecord[] = [];
  /** Views of those that are over, so that nothing holds their arguments any more. */
  settled: readonly EffectView[] = NONE;
  transactions: readonly TransactionView[] = NONE;
  more = 0;
  /** True if an effect was dropped or failed. */
  isNoteworthy = false;
  /** True if it has changed since browsers were last sent changes. */
  hasNews = true;
  private undecided = 0;
  private list: BoundedList<UnitRecord> | undefined = undefined;
  private slot = 0;

  constructor(readonly unit: UnitOfWork) {}

  /** True if nothing of it can change any more. */
  get isAtRest(): boolean {
    return this.unit.isEnded && this.undecided === 0;
  }

  called(intent: Intent, unit: UnitOfWork, place: string | undefined): EffectRecord | undefined {
    this.undecided++;
    if (this.effects.length + this.settled.length === MOST_EFFECTS) {
      this.more++;
      return undefined;
    }
    const effect = new EffectRecord(intent, unit, place);
    this.effects.push(effect);
    return effect;
  }

  /** Undefined for one that is only counted. */
  decided(
    intent: Intent,
    fate: 'sent' | 'dropped' | 'failed',
    unit: UnitOfWork,
  ): EffectRecord | undefined {
    let effect = this.find(intent);
    // A call that was refused was never buffered.
    if (effect === undefined && this.more === 0) effect = this.called(intent, unit, undefined);
    if (effect === undefined || effect.fate === 'open')
      this.undecided = Math.max(0, this.undecided - 1);
    if (effect !== undefined) effect.fate = fate;
    return effect;
  }

  /** @returns true if the effect belongs to this unit */
  attempted(id: string, attempt: Attempt): boolean {
    const effect = this.effects.find(({ intent }) => intent.id === id);
    if (effect !== undefined) effect.attempt = attempt;
    else {
      if (!this.settled.some((view) => view.id === id)) return false;
      this.settled = this.settled.map((view) => (view.id === id ? attempted(view, attempt) : view));
    }
    if (attempt.error !== undefined) this.isNoteworthy = true;
    return true;
  }

  /** Releases the objects of the application once nothing more can happen to the unit. */
  settle({
    effects,
    transactions,
  }: {
    readonly effects: readonly EffectView[];
    readonly transactions: readonly TransactionView[];
  }): void {
    this.settled = effects;
    this.transactions = transactions;
    this.effects = [];
  }

  moveTo(list: BoundedList<UnitRecord>): void {
    if (this.list === list) return;
    this.list?.take(this, this.slot);
    this.list = list;
    this.slot = list.add(this);
  }

  /** By id, as an intent that was handed to another scope may be another object. */
  private find(intent: Intent): EffectRecord | undefined {
    const { effects } = this;
    for (const effect of effects) if (effect.intent === intent) return effect;
    return this.more > 0 ? undefined : effects.find(({ intent: { id } }) => id === intent.id);
  }
}
