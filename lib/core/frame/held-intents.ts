import { DispatchError } from '../../errors/dispatch.error.js';
import { raiseLate } from '../scope/delayed-answer.js';
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
import type { HeldIntents } from '../scope/pending-work.js';
import type { UnitOfWork } from '../scope/unit-of-work.js';

/**
 * Makes a unit answer for an intent to the transaction it is stamped with; one that was rolled back
 * has answered already.
 * @internal
 */
export function joinFrame(unit: UnitOfWork, intent: Intent): void {
  const { frame } = stampOf(intent);
  if (frame === undefined || frame.fate === 'committed') return;
  const holdings = (unit.heldIntents ??= new HeldInFrames(unit)) as HeldInFrames;
  if (frame.fate !== 'open') return holdings.rolledBack();
  holdings.open.add(frame.root);
  frame.join(holdings);
}

/**
 * Takes out of a queue what a transaction has a say in: what was rolled back is dropped, what is
 * not committed yet waits for that and is deferred (rule 22).
 *
 * @internal
 */
export function holdBack(
  unit: UnitOfWork,
  journal: FlushJournal,
  queue: readonly Intent[],
): readonly Intent[] {
  const holdings = unit.heldIntents as HeldInFrames | undefined;
  return holdings === undefined ? queue : holdings.holdBack(journal, queue);
}

/**
 * Keeps an intent until a transaction has ended in which another one under its key was written
 * (rule 6).
 * @internal
 */
export function holdUntil(
  frame: StampedFrame,
  unit: UnitOfWork,
  journal: FlushJournal,
  intent: Intent,
): void {
  const holdings = (unit.heldIntents ??= new HeldInFrames(unit)) as HeldInFrames;
  holdings.hold(intent);
  journal.deferred.push(intent);
  frame.join(holdings);
}

/** The intents of one unit of work that belong to transactions. Acts when one of these ends. */
class HeldInFrames implements HeldIntents {
  readonly settled = new FlushJournal();
  /** The transactions that are open and decide about something in the buffer of the unit. */
  readonly open = new Set<StampedFrame>();
  private waiting: readonly Intent[] = [];
  /**
   * Written through the connections of transactions that have not committed yet; several may be
   * open at once.
   */
  private written: readonly WrittenIntent[] = [];
  /** Intents that could not be written so, which rolls their transactions back. */
  private unwritten: readonly FailedIntent[] = [];

  constructor(private readonly unit: UnitOfWork) {}

  get deferred(): readonly Intent[] {
    return this.waiting;
  }

  holdBack(journal: FlushJournal, queue: readonly Intent[]): readonly Intent[] {
    for (const intent of queue)
      if (fateOf(intent) === 'rolledBack') recordDropped(this.unit, journal, intent, 'rollback');
    this.waiting = [...this.waiting, ...queue.filter((intent) => fateOf(intent) === 'open')];
    append(journal.deferred, this.waiting);
    return queue.filter(isFree);
  }

  hold(intent: Intent): void {
    this.waiting = [...this.waiting, intent];
    // An effect's own unit is not known to be running.
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
    const check = (): void | Promise<void> => this.wrote(root, journal, startedAt);
    const writing = this.unit.host.dispatch(this.unit, journal, due, root);
    return writing ? writing.then(check) : check();
  }

  /**
   * A policy that threw loses its own intent (rule 14); a write that failed rolls its transaction
   * back (rule 23).
   */
  private wrote(
    root: StampedFrame,
    journal: FlushJournal,
    startedAt: number,
  ): void | Promise<void> {
    const took = durationSince(startedAt);
    this.written = [...this.written, ...journal.dispatched.map((intent) => ({ intent, ...took }))];
    append(this.settled.dropped, journal.dropped);
    const failures = journal.failed.filter(({ policy }) => policy === undefined);
    append(
      this.settled.failed,
      journal.failed.filter(({ policy }) => policy !== undefined),
    );
    this.unwritten = [...this.unwritten, ...failures];
    if (failures.length > 0) throw new DispatchError(failures, this.unit.label, root.name);
    if (this.unit.isEnded && this.settled.failed.length > 0)
      return raiseLate(this.unit, new FlushJournal(this.settled));
  }

  async committed(): Promise<void> {
    const free = this.written.filter(({ intent }) => isFree(intent));
    this.written = this.written.filter(({ intent }) => !isFree(intent));
    const handedOn: Intent[] = [];
    for (const one of free) {
      if (stampOf(one.intent).isWritten === true) handedOn.push(one.intent);
      else recordCommitted(this.unit, this.settled, one);
    }
    this.forgetEnded();
    if (handedOn.length > 0) await this.letOut(handedOn);
    await this.letOutFree();
  }

  /** Lets out what waits for no transaction any more. Does not throw. */
  private async letOutFree(): Promise<void> {
    await this.letOut(this.take(isFree));
    this.unit.rest();
  }

  private async letOut(due: readonly Intent[]): Promise<void> {
    const { unit } = this;
    const journal = unit.isEnded ? new FlushJournal() : this.settled;
    try {
      if (due.length > 0) await unit.host.dispatch(unit, journal, due);
      this.tellLate(journal);
      if (unit.isEnded && journal.failed.length > 0)
        await raiseLate(unit, new FlushJournal(journal));
    } catch (error) {
      unit.host.logError(error);
    }
  }

  rolledBack(): void {
    const isLost = (intent: Intent): boolean => fateOf(intent) === 'rolledBack';
    const written = this.written.map(({ intent }) => intent).filter(isLost);
    const failures = this.unwritten.map(({ intent }) => intent).filter(isLost);
    this.written = this.written.filter(({ intent }) => !isLost(intent));
    this.unwritten = this.unwritten.filter(({ intent }) => !isLost(intent));
    for (const intent of written) recordDropped(this.unit, this.settled, intent, 'rollback');
    for (const intent of failures) recordUnwritten(this.settled, intent);
    for (const intent of [...this.take(isLost), ...this.unit.buffer.takeFramed(isLost)])
      recordDropped(this.unit, this.settled, intent, 'rollback');
    this.forgetEnded();
    // What waited only to learn whether the key of one of those is free.
    if (this.waiting.some(isFree)) void this.letOutFree();
    else {
      this.tellLate(this.settled);
      this.unit.rest();
    }
  }

  /** Tells what was decided when the unit's own report was complete. */
  private tellLate(journal: FlushJournal): void {
    const { host, isReported } = this.unit;
    if (!isReported || host.onSettled === undefined) return;
    if (journal !== this.settled) host.onSettled(this.unit, journal);
    host.onSettled(this.unit, new FlushJournal(this.settled));
  }

  private forgetEnded(): void {
    for (const root of this.open) if (root.fate !== 'open') this.open.delete(root);
    if (this.open.size === 0) this.unit.buffer.hasNoneFramed();
  }

  /** Asks `wanted` once about each, in order. */
  private take(wanted: (intent: Intent) => boolean): readonly Intent[] {
    const taken: Intent[] = [];
    const left: Intent[] = [];
    for (const intent of this.waiting) (wanted(intent) ? taken : left).push(intent);
    this.waiting = left;
    return taken;
  }
}

/** `committed` also where there is no transaction. */
function fateOf(intent: Intent): StampedFrame['fate'] {
  return stampOf(intent).frame?.fate ?? 'committed';
}

/** True if no transaction decides about it any more. */
function isFree(intent: Intent): boolean {
  return fateOf(intent) === 'committed';
}
