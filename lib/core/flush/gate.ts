import type { PolicyRefusal } from '../scope/ask-policies.js';
import { recordDropped, recordRefusal } from '../scope/journal.js';
import type { UnitOfWork } from '../scope/unit-of-work.js';
import { holdUntil } from '../frame/held-intents.js';
import { freeze, type Intent, stampOf } from '../model/intent.js';
import type { FlushJournal } from '../model/report.js';
import type { StampedFrame } from '../model/stamped-frame.js';
import { PolicyAsker } from './policy-asker.js';

/**
 * The last say about an intent that the outcome let out: whether one has failed before it
 * (`failFast`), its policies, its key. What does not pass is told in the journal.
 * @internal
 */
export class Gate {
  /** True if an intent has failed that the journal does not tell yet. */
  hasFailed = false;
  /** Made at the first intent that a policy has a say in. */
  private policies: PolicyAsker | undefined = undefined;

  /**
   * @param flush identity of the whole flush
   * @param frame the transaction whose connection intents are written through, if any
   */
  constructor(
    private readonly unit: UnitOfWork,
    private readonly journal: FlushJournal,
    private readonly flush: object,
    private readonly frame: StampedFrame | undefined,
  ) {}

  /**
   * True if an intent goes out now; a Promise only where a policy is asynchronous.
   *
   * @param journal told of one that does not. @default that of the failures before it
   */
  passes(intent: Intent, journal = this.journal): boolean | Promise<boolean> {
    if (this.hasFailedFast(intent)) return this.drop(intent, journal, 'failFast');
    const { path, options } = stampOf(intent);
    if (path.gates === undefined)
      return options.dedupeKey === undefined || this.isFirst(intent, journal);
    const refusal = (this.policies ??= new PolicyAsker(this.unit, this.flush)).ask(intent);
    return refusal instanceof Promise
      ? refusal.then((one) => this.isOut(intent, journal, one))
      : this.isOut(intent, journal, refusal);
  }

  /** To be called when all have been let out. */
  close(): void {
    this.policies?.close();
  }

  private isOut(
    intent: Intent,
    journal: FlushJournal,
    refusal: PolicyRefusal | undefined,
  ): boolean {
    if (refusal !== undefined) {
      recordRefusal(this.unit, journal, intent, refusal);
      return false;
    }
    // While its policies were asked, one that runs beside it may have failed.
    if (this.hasFailedFast(intent)) return this.drop(intent, journal, 'failFast');
    return this.isFirst(intent, journal);
  }

  /** False for what is written down: it goes on, whatever became of others. */
  private hasFailedFast(intent: Intent): boolean {
    if (!this.unit.failFast || stampOf(intent).isWritten === true) return false;
    return this.hasFailed || this.journal.failed.length > 0;
  }

  /**
   * True if no other went out under its key; else it is dropped, or waits for the transaction that
   * decides about the other (rule 6).
   */
  private isFirst(intent: Intent, journal: FlushJournal): boolean {
    const { dedupeKey } = stampOf(intent).options;
    if (dedupeKey === undefined) return true;
    const verdict = this.unit.dedupeKeys.use(intent, dedupeKey, this.frame);
    if (verdict === 'first') return true;
    if (verdict === 'duplicate') return this.drop(freeze(intent), journal, 'duplicate');
    holdUntil(verdict, this.unit, journal, intent);
    return false;
  }

  private drop(intent: Intent, journal: FlushJournal, reason: 'failFast' | 'duplicate'): false {
    recordDropped(this.unit, journal, intent, reason);
    return false;
  }
}
