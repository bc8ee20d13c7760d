import type { PolicyRefusal } from '../scope/ask-policies.js';
import { recordDropped, recordRefusal } from '../scope/journal.js';
import type { UnitOfWork } from '../scope/unit-of-work.js';
import { holdUntil } from '../frame/held-intents.js';
import { freeze, type Intent, stampOf } from '../model/intent.js';
import type { FlushJournal } from '../model/report.js';
import type { StampedFrame } from '../model/stamped-frame.js';
import { PolicyAsker } from './policy-asker.js';

/**
 * Decides last about an intent that the outcome let out: by failures before it (`failFast`), by its
 * policies, and by its key. An intent that does not pass is recorded in the journal.
 * @internal
 */
export class Gate {
  /** True if an intent has failed that the journal does not have yet. */
  hasFailed = false;
  /** Made at the first intent that a policy decides about. */
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
   * @param journal records an intent that does not. @default that of the failures before it
   */
  passes(intent: Intent, journal = this.journal): boolean | Promise<boolean> {
    if (this.hasFailedFast(intent)) return this.drop(intent, journal, 'failFast');
    const { path, options } = stampOf(intent);
    if (path.gates === undefined)
      return options.dedupeKey === undefined || this.isFirst(intent, journal);
    const refusal = (this.policies ??= new PolicyAsker(this.unit, this.flush)).ask(intent);
    return refusal instanceof Promise
      ? refusal.then((known) => this.passesAfter(known, intent, journal))
      : this.passesAfter(refusal, intent, journal);
  }

  /** To be called after the last intent. */
  close(): void {
    this.policies?.close();
  }

  /** The rest of the decision, once the policies have answered. */
  private passesAfter(
    refusal: PolicyRefusal | undefined,
    intent: Intent,
    journal: FlushJournal,
  ): boolean {
    if (refusal !== undefined) {
      recordRefusal(this.unit, journal, intent, refusal);
      return false;
    }
    // An intent that runs beside it may have failed while its policies were asked.
    if (this.hasFailedFast(intent)) return this.drop(intent, journal, 'failFast');
    return this.isFirst(intent, journal);
  }

  /** False for an intent that is written down already: it goes on even if others fail. */
  private hasFailedFast(intent: Intent): boolean {
    if (!this.unit.failFast || stampOf(intent).isWritten === true) return false;
    return this.hasFailed || this.journal.failed.length > 0;
  }

  /**
   * True if no other intent went out under its key; else it is dropped, or waits for the
   * transaction that decides about the other (rule 6).
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
