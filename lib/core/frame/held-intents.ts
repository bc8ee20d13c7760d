import { DispatchError } from '../../errors/dispatch.error.js';
import { raiseLateFailures } from '../scope/late-failures.js';
import { append } from '../model/append.js';
import {
  recordCommitted,
  recordDropped,
  durationSince,
  isTimed,
  recordUnwritten,
  type WrittenIntent,
} from '../scope/journal.js';
import { type Intent, stampOf } from '../model/intent.js';
import { type FailedIntent, FlushJournal } from '../model/report.js';
import type { StampedFrame } from '../model/stamped-frame.js';
import { isOfTransaction } from '../model/transaction-errors.js';
import type { HeldIntents } from '../scope/pending-work.js';
import type { UnitOfWork } from '../scope/unit-of-work.js';

/**
 * Registers a unit with the transaction that an intent of it is stamped with. If that was rolled
 * back already, the intent is dropped.
 * @internal
 */
export function joinFrame(unit: UnitOfWork, intent: Intent): void {
  const { frame } = stampOf(intent);
  if (frame === undefined || frame.fate === 'committed') return;
  const held = (unit.heldIntents ??= new HeldInFrames(unit)) as HeldInFrames;
  if (frame.fate !== 'open') return held.rolledBack();
  if (!held.open.includes(frame.root)) held.open.push(frame.root);
  frame.join(held);
}

/**
 * Takes out of a queue the intents of transactions: they are dropped if theirs was rolled back, and
 * deferred until its COMMIT while it is open (rule 22).
 *
 * @returns the others
 * @internal
 */
export function holdBack(
  unit: UnitOfWork,
  journal: FlushJournal,
  queue: readonly Intent[],
): readonly Intent[] {
  const held = unit.heldIntents as HeldInFrames | undefined;
  return held === undefined ? queue : held.holdBack(journal, queue);
}

/**
 * Defers an intent until a transaction has ended in which another one under its key was written
 * (rule 6).
 * @internal
 */
export function holdUntil(
  frame: StampedFrame,
  unit: UnitOfWork,
  journal: FlushJournal,
  intent: Intent,
): void {
  const held = (unit.heldIntents ??= new HeldInFrames(unit)) as HeldInFrames;
  held.defer(intent);
  journal.deferred.push(intent);
  frame.join(held);
}

/** The intents of one unit of work that belong to transactions. Acts when one of these ends. */
class HeldInFrames implements HeldIntents {
  readonly settled = new FlushJournal();
  /** The transactions that are open and decide about something in the buffer of the unit. */
  open: StampedFrame[] = [];
  private waiting: readonly Intent[] = [];
  /** Intents that were written in transactions which are open; there may be several. */
  private written: readonly WrittenIntent[] = [];
  /** Intents that could not be written, which rolls their transactions back. */
  private unwritten: readonly FailedIntent[] = [];

  constructor(private readonly unit: UnitOfWork) {}

  get deferred(): readonly Intent[] {
    return this.waiting;
  }

  holdBack(journal: FlushJournal, queue: readonly Intent[]): readonly Intent[] {
    const [free, framed] = split(queue, isFree);
    const [lost, open] = split(framed, isLost);
    for (const intent of lost) recordDropped(this.unit, journal, intent, 'rollback');
    this.waiting = [...this.waiting, ...open];
    append(journal.deferred, this.waiting);
    return free;
  }

  defer(intent: Intent): void {
    this.waiting = [...this.waiting, intent];
    // The unit of an effect is not registered as running before that.
    this.unit.host.running.unitOpened(this.unit);
  }

  beforeCommit(root: StampedFrame): void | Promise<void> {
    const isDue = (intent: Intent): boolean => {
      const { executor, frame, on } = stampOf(intent);
      return (
        executor.transactional === true &&
        on === 'success' &&
        frame?.root === root &&
        frame.fate === 'open'
      );
    };
    const due = [...this.take(isDue), ...this.unit.buffer.takeFramed(isDue)];
    if (due.length === 0) return;
    const journal = new FlushJournal();
    const startedAt = isTimed(this.unit.host) ? performance.now() : 0;
    const check = (): void | Promise<void> => this.takeWritten(root, journal, startedAt);
    const writing = this.unit.host.dispatch(this.unit, journal, due, root);
    return writing ? writing.then(check) : check();
  }

  /**
   * Takes over the results of a dispatch in a transaction. If a policy threw, only its own intent
   * is lost (rule 14). If the transaction was aborted before, its COMMIT will say so, or pass for
   * one.
   *
   * @throws DispatchError for a write that failed, which rolls the transaction back (rule 23); the
   * error of the database where that has given the transaction up for the sake of another one
   */
  private takeWritten(
    root: StampedFrame,
    journal: FlushJournal,
    startedAt: number,
  ): void | Promise<void> {
    const took = durationSince(startedAt);
    this.written = [...this.written, ...journal.dispatched.map((intent) => ({ intent, ...took }))];
    append(this.settled.dropped, journal.dropped);
    const [failures, byPolicy] = split(journal.failed, ({ policy }) => policy === undefined);
    append(this.settled.failed, byPolicy);
    this.unwritten = [...this.unwritten, ...failures];
    // The first decides: it may have aborted the transaction for those after it.
    const first = failures[0]?.error;
    if (isOfTransaction(first, 'aborted')) return root.rollBack();
    if (isOfTransaction(first, 'conflict')) throw first;
    if (failures.length > 0) throw new DispatchError(failures, this.unit.label, root.name);
    if (this.unit.isEnded && this.settled.failed.length > 0)
      return raiseLateFailures(this.unit, new FlushJournal(this.settled));
  }

  committed(): void | Promise<void> {
    const [free, written] = split(this.written, ({ intent }) => isFree(intent));
    this.written = written;
    const handedOn: Intent[] = [];
    for (const one of free) {
      if (stampOf(one.intent).isWritten === true) handedOn.push(one.intent);
      else recordCommitted(this.unit, this.settled, one);
    }
    this.forgetEnded();
    if (handedOn.length === 0) return this.dispatchFree();
    return this.dispatch(handedOn).then(() => this.dispatchFree());
  }

  /** Dispatches intents that wait for no transaction any more. Does not throw. */
  private dispatchFree(): void | Promise<void> {
    const due = this.take(isFree);
    if (due.length > 0) return this.dispatch(due).then(() => this.unit.tellIfAtRest());
    this.tellLate(this.settled);
    this.unit.tellIfAtRest();
  }

  private async dispatch(due: readonly Intent[]): Promise<void> {
    const { unit } = this;
    const journal = unit.isEnded ? new FlushJournal() : this.settled;
    try {
      await unit.host.dispatch(unit, journal, due);
      this.tellLate(journal);
      if (unit.isEnded && journal.failed.length > 0)
        await raiseLateFailures(unit, new FlushJournal(journal));
    } catch (error) {
      unit.host.logError(error);
    }
  }

  rolledBack(): void {
    const [lost, written] = split(this.written, ({ intent }) => isLost(intent));
    const [failures, unwritten] = split(this.unwritten, ({ intent }) => isLost(intent));
    this.written = written;
    this.unwritten = unwritten;
    for (const { intent } of lost) recordDropped(this.unit, this.settled, intent, 'rollback');
    for (const { intent } of failures) recordUnwritten(this.settled, intent);
    for (const intent of [...this.take(isLost), ...this.unit.buffer.takeFramed(isLost)])
      recordDropped(this.unit, this.settled, intent, 'rollback');
    this.forgetEnded();
    // Some of these intents waited because a dropped one had used their key.
    void this.dispatchFree();
  }

  /** Reports ends that were decided after the unit's own report was complete. */
  private tellLate(journal: FlushJournal): void {
    const { host, isReported } = this.unit;
    if (!isReported || host.onSettled === undefined) return;
    if (journal !== this.settled) host.onSettled(this.unit, journal);
    host.onSettled(this.unit, new FlushJournal(this.settled));
  }

  private forgetEnded(): void {
    this.open = this.open.filter(({ fate }) => fate === 'open');
    if (this.open.length === 0) this.unit.buffer.forgetTransactions();
  }

  private take(wanted: (intent: Intent) => boolean): readonly Intent[] {
    const [taken, left] = split(this.waiting, wanted);
    this.waiting = left;
    return taken;
  }
}

/** Splits a list into the items that are wanted, and the others. Asks once about each, in order. */
function split<T>(
  all: readonly T[],
  isWanted: (item: T) => boolean,
): readonly [readonly T[], readonly T[]] {
  if (all.length === 0) return [all, all];
  const wanted: T[] = [];
  const others: T[] = [];
  for (const item of all) (isWanted(item) ? wanted : others).push(item);
  return [wanted, others];
}

/** The fate of the transaction of an intent; `committed` for one without a transaction. */
function fateOf(intent: Intent): StampedFrame['fate'] {
  return stampOf(intent).frame?.fate ?? 'committed';
}

/** True if its transaction was rolled back. */
function isLost(intent: Intent): boolean {
  return fateOf(intent) === 'rolledBack';
}

/** True if no transaction decides about it any more. */
function isFree(intent: Intent): boolean {
  return fateOf(intent) === 'committed';
}
