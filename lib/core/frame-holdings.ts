import { DispatchError } from '../errors/dispatch.error.js';
import { FrameStateError } from '../errors/frame-state.error.js';
import { append } from './append.js';
import { drop } from './fates.js';
import { type Intent, stampOf } from './intent.js';
import { type FailedIntent, FlushJournal } from './report.js';
import type { StampedFrame } from './stamped-frame.js';
import type { FrameHoldings, UnitOfWork } from './unit-of-work.js';

/** Makes a unit answer for an intent to the transaction it is stamped with, if any. @internal */
export function joinFrame(unit: UnitOfWork, intent: Intent): void {
  const { frame } = stampOf(intent);
  if (frame === undefined || frame.fate !== 'open') return;
  frame.join((unit.inFrames ??= new HeldByFrames(unit)));
}

/**
 * Takes out of a queue what a transaction has a say in: what was rolled back is dropped, what is not committed yet waits
 * for that and is deferred (rule 22).
 *
 * @internal
 */
export function holdBack(unit: UnitOfWork, journal: FlushJournal, queue: readonly Intent[]): readonly Intent[] {
  const holdings = unit.inFrames as HeldByFrames | undefined;
  return holdings === undefined ? queue : holdings.holdBack(journal, queue);
}

/** Says which transactions a unit that ends leaves open. @internal */
export function reportOpenTransactions(unit: UnitOfWork): void {
  if (!unit.hasTransactions) return;
  for (const { name } of unit.openTransactions) {
    unit.host.report(
      new FrameStateError(
        name,
        'open',
        `Scope "${unit.label}" ended while "${name}", begun in it, is still open: effects called in it wait for its commit. ` +
          'Await the transaction, or commit or roll it back, before the scope ends.',
      ),
    );
  }
}

/** What of a unit of work belongs to transactions, and what it does when one of them ends. */
class HeldByFrames implements FrameHoldings {
  readonly settled = new FlushJournal();
  private waiting: readonly Intent[] = [];
  /** Written through the connections of transactions that have not committed yet; several may be open at once. */
  private written: readonly Intent[] = [];
  /** Those that could not be written so, which rolls their transactions back. */
  private unwritten: readonly FailedIntent[] = [];
  /** Of what has gone out or was written for good. */
  private readonly gone = new Keys();

  constructor(private readonly unit: UnitOfWork) {}

  get deferred(): readonly Intent[] {
    return this.waiting;
  }

  holdBack(journal: FlushJournal, queue: readonly Intent[]): readonly Intent[] {
    for (const intent of queue) if (fateOf(intent) === 'rolledBack') drop(this.unit, journal, intent, 'rollback');
    const free = queue.filter((intent) => fateOf(intent) === 'committed' && this.gone.isNew(intent));
    const held = queue.filter((intent) => fateOf(intent) === 'open' && !this.gone.has(intent));
    this.waiting = [...this.waiting, ...held];
    append(journal.deferred, held);
    return free;
  }

  beforeCommit(root: StampedFrame): void | Promise<void> {
    const isDue = (intent: Intent): boolean => {
      const { executor, frame, on } = stampOf(intent);
      return executor.transactional === true && on === 'success' && frame?.root === root && frame.fate === 'open';
    };
    const keys = new Keys();
    const due = [...this.take(isDue), ...this.unit.take(isDue)].filter(
      (intent) => !this.gone.has(intent) && keys.isNew(intent),
    );
    if (due.length === 0) return;
    const journal = new FlushJournal();
    const check = (): void | Promise<void> => this.wrote(journal);
    const writing = this.unit.host.letOut(this.unit, journal, due, root);
    return writing ? writing.then(check) : check();
  }

  /** A policy that threw loses its own intent (rule 14); a write that failed rolls its transaction back (rule 23). */
  private wrote(journal: FlushJournal): void | Promise<void> {
    this.written = [...this.written, ...journal.dispatched];
    append(this.settled.dropped, journal.dropped);
    const unwritten = journal.failed.filter(({ policy }) => policy === undefined);
    append(
      this.settled.failed,
      journal.failed.filter(({ policy }) => policy !== undefined),
    );
    this.unwritten = [...this.unwritten, ...unwritten];
    if (unwritten.length > 0) throw new DispatchError(unwritten, this.unit.label);
    if (this.unit.isEnded && this.settled.failed.length > 0) return this.raise(new FlushJournal(this.settled));
  }

  async committed(): Promise<void> {
    const isKept = (intent: Intent): boolean => fateOf(intent) === 'committed';
    const kept = this.written.filter(isKept);
    for (const intent of kept) this.gone.isNew(intent);
    append(this.settled.dispatched, kept);
    this.written = this.written.filter((intent) => !isKept(intent));
    const due = this.take((intent) => isKept(intent) && this.gone.isNew(intent));
    this.take((intent) => this.gone.has(intent));
    const { unit } = this;
    const journal = new FlushJournal();
    try {
      if (due.length > 0) await unit.host.letOut(unit, journal, due);
      if (journal.failed.length > 0) await this.raise(journal);
    } catch (error) {
      unit.host.report(error);
    }
    this.endIfDone();
  }

  rolledBack(): void {
    const isLost = (intent: Intent): boolean => fateOf(intent) === 'rolledBack';
    const written = [...this.written, ...this.unwritten.map(({ intent }) => intent)].filter(isLost);
    const lost = [...written, ...this.take(isLost), ...this.unit.take(isLost)];
    this.written = this.written.filter((intent) => !isLost(intent));
    this.unwritten = this.unwritten.filter(({ intent }) => !isLost(intent));
    for (const intent of lost) drop(this.unit, this.settled, intent, 'rollback');
    this.endIfDone();
  }

  /** Asks `wanted` once about each, in order. */
  private take(wanted: (intent: Intent) => boolean): readonly Intent[] {
    const taken: Intent[] = [];
    const left: Intent[] = [];
    for (const intent of this.waiting) (wanted(intent) ? taken : left).push(intent);
    this.waiting = left;
    return taken;
  }

  private async raise(journal: FlushJournal): Promise<void> {
    const { unit } = this;
    if (unit.onLateFailure === undefined) unit.host.report(new DispatchError(journal.failed, unit.label));
    else await unit.onLateFailure(journal);
  }

  private endIfDone(): void {
    const { unit } = this;
    if (unit.isEnded && this.waiting.length === 0 && unit.dispatching === undefined) unit.host.ended(unit);
  }
}

/**
 * Two calls under one dedupe key are both buffered where a rollback could take the first and leave the second (rule 6):
 * whichever is free to go first counts.
 */
class Keys {
  private readonly known = new Map<object, Map<unknown, Set<string>>>();

  /** Always true without a key. */
  isNew(intent: Intent): boolean {
    const { birthplace, options } = stampOf(intent);
    if (options.dedupeKey === undefined) return true;
    if (this.has(intent)) return false;
    let effects = this.known.get(birthplace);
    if (effects === undefined) this.known.set(birthplace, (effects = new Map()));
    let keys = effects.get(intent.effect);
    if (keys === undefined) effects.set(intent.effect, (keys = new Set()));
    keys.add(options.dedupeKey);
    return true;
  }

  has(intent: Intent): boolean {
    const { birthplace, options } = stampOf(intent);
    if (options.dedupeKey === undefined) return false;
    return this.known.get(birthplace)?.get(intent.effect)?.has(options.dedupeKey) === true;
  }
}

/** `committed` also where there is no transaction. */
function fateOf(intent: Intent): StampedFrame['fate'] {
  return stampOf(intent).frame?.fate ?? 'committed';
}
