import type { PolicyRefusal } from '../scope/ask-policies.js';
import { recordDropped, recordRefusal } from '../scope/journal.js';
import type { UnitOfWork } from '../scope/unit-of-work.js';
import { holdUntil } from '../frame/held-intents.js';
import { freeze, type Intent, stampOf } from '../model/intent.js';
import type { FailedIntent, FlushJournal } from '../model/report.js';
import type { StampedFrame } from '../model/stamped-frame.js';
import { PolicyAsker } from './policy-asker.js';

/**
 * Decides last about an intent that the outcome let out: by failures before it, by its policies, and
 * by its key. An intent that does not pass is recorded in the journal.
 * @internal
 */
export class Gate {
  /** Failures that the journal does not have yet, of intents that run beside others. */
  private beside: FailedIntent[] | undefined = undefined;
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
    const failure = this.failureBefore(intent);
    if (failure !== undefined) return this.drop(intent, journal, failure);
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
    const failure = this.failureBefore(intent);
    if (failure !== undefined) return this.drop(intent, journal, failure);
    return this.isFirst(intent, journal);
  }

  /** To be called with the failures of an intent that has run beside others. */
  note(failed: readonly FailedIntent[]): void {
    if (failed.length > 0) (this.beside ??= []).push(...failed);
  }

  /** The reason to drop an intent for the sake of one that has failed before it. */
  private failureBefore(intent: Intent): 'failFast' | 'rollback' | undefined {
    const { failed } = this.journal;
    if (failed.length === 0 && this.beside === undefined) return undefined;
    // The server may have rolled the transaction back with it: what is written now would be there on
    // its own. A policy that threw has written nothing.
    const isWrite = ({ policy }: FailedIntent): boolean => policy === undefined;
    if (this.frame !== undefined && (failed.some(isWrite) || this.beside?.some(isWrite)))
      return 'rollback';
    // One that is written down already goes on.
    const goesOn = !this.unit.failFast || stampOf(intent).isWritten === true;
    return goesOn ? undefined : 'failFast';
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

  private drop(
    intent: Intent,
    journal: FlushJournal,
    reason: 'failFast' | 'rollback' | 'duplicate',
  ): false {
    recordDropped(this.unit, journal, intent, reason);
    return false;
  }
}
