import { Context, contexts, type PolicyEvaluation } from './context.js';
import { recordDropped } from './journal.js';
import { type AttemptMark, type Intent, stampOf } from '../model/intent.js';
import type { PolicyChain } from './policy-chain.js';
import { FlushJournal } from '../model/report.js';
import type { UnitHost, UnitOfWork } from './unit-of-work.js';

/**
 * One invocation of work that may be invoked again in the same unit of work, as a handler is under
 * `retry`. Calls made in it carry its mark, also later ones of something that it has left running.
 * Once it has failed, they count as calls of failed work. Once it is abandoned, they are dropped:
 * when the unit ends, or when its buffer is full.
 *
 * @internal
 */
export class Attempt implements AttemptMark {
  private wasAbandoned = false;
  private failed = false;

  /**
   * @param around the context in which the work is invoked
   * @param outer the attempt that this work is part of itself
   */
  constructor(
    private readonly around: Context,
    private readonly outer: AttemptMark | undefined,
  ) {}

  get isAbandoned(): boolean {
    return this.wasAbandoned || this.outer?.isAbandoned === true;
  }

  get hasFailed(): boolean {
    return this.failed || this.outer?.hasFailed === true;
  }

  /** @param reason the class of the error, for the log */
  fail(reason?: string): void {
    this.failed = true;
    this.around.opened?.noteFailedAttempt(reason);
  }

  abandon(): void {
    this.wasAbandoned = true;
    this.around.opened?.noteAbandonedAttempt();
  }

  run<R>(fn: () => R): R {
    return contexts.run(new AttemptContext(this.around, this), fn);
  }

  /**
   * Runs `fn`, which handles the failure. If `fn` invokes the work again, its own calls are dropped
   * with those of this attempt. If it answers in place of the work, the answer decides about them.
   */
  runAfterFailure<R>(fn: () => R): R {
    const mark = new Aftermath(this, this.outer);
    return contexts.run(new AttemptContext(this.around, mark), fn);
  }
}

class Aftermath implements AttemptMark {
  constructor(
    private readonly attempt: Attempt,
    private readonly outer: AttemptMark | undefined,
  ) {}

  get isAbandoned(): boolean {
    return this.attempt.isAbandoned;
  }

  get hasFailed(): boolean {
    return this.outer?.hasFailed === true;
  }
}

/** The context around an attempt, with the mark of that attempt. */
class AttemptContext extends Context {
  readonly outer = contexts.getStore();

  constructor(
    private readonly around: Context,
    private readonly mark: AttemptMark,
  ) {
    super();
  }

  get host(): UnitHost {
    return this.around.host;
  }

  get chain(): PolicyChain {
    return this.around.chain;
  }

  get evaluation(): PolicyEvaluation | undefined {
    return this.around.evaluation;
  }

  override get attempt(): AttemptMark {
    return this.mark;
  }

  override get opened(): UnitOfWork | undefined {
    return this.around.opened;
  }

  override get mayReceive(): boolean {
    return this.around.mayReceive;
  }

  get isLive(): boolean {
    return this.around.isLive;
  }

  receiver(): UnitOfWork | undefined {
    return this.around.receiver();
  }
}

/** Drops what abandoned attempts have buffered. @returns the rest @internal */
export function dropAbandoned(
  unit: UnitOfWork,
  journal: FlushJournal,
  intents: readonly Intent[],
): readonly Intent[] {
  // Also in nested units: one that outlives its parent decides about its intents itself.
  if (!unit.top.hasAbandoned) return intents;
  if (unit.droppedEarly !== undefined) journal.add(unit.droppedEarly);
  return intents.filter(
    (intent) => !isAbandoned(intent) || (recordDropped(unit, journal, intent, 'retry'), false),
  );
}

/**
 * Drops what abandoned attempts have left in a full buffer, so that the next one starts clean.
 *
 * @returns true if there is room now
 * @internal
 */
export function makeRoom(unit: UnitOfWork): boolean {
  if (!unit.holdsAbandoned) return false;
  unit.holdsAbandoned = false;
  const journal = (unit.droppedEarly ??= new FlushJournal());
  for (const intent of unit.buffer.take(isAbandoned)) recordDropped(unit, journal, intent, 'retry');
  return !unit.isFull;
}

function isAbandoned(intent: Intent): boolean {
  return stampOf(intent).attempt?.isAbandoned === true && !isWrittenInTransaction(intent);
}

/** True for a call of an invocation that has failed. @internal */
export function wasCalledInFailure(intent: Intent): boolean {
  return stampOf(intent).attempt?.hasFailed === true && !isWrittenInTransaction(intent);
}

/** True for an intent that is written in an open transaction, and shares its fate (rule 23). */
function isWrittenInTransaction(intent: Intent): boolean {
  const { executor, frame } = stampOf(intent);
  return executor.transactional === true && frame?.fate === 'open';
}
