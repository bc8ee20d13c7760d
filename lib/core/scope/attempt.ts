import { Context, contexts, type PolicyEvaluation } from './context.js';
import { recordDropped } from './journal.js';
import { type AttemptMark, type Intent, stampOf } from '../model/intent.js';
import type { PolicyChain } from './policy-chain.js';
import { FlushJournal } from '../model/report.js';
import type { UnitHost, UnitOfWork } from './unit-of-work.js';

/**
 * One invocation of work that may be made again in the same unit of work, as a handler under
 * `retry`. Calls made in it carry its mark, those included that are still to come from what it has
 * left running. Once it has failed they go as its failure says; once it is abandoned they are
 * dropped when their unit ends or has no room for more.
 *
 * @internal
 */
export class Attempt implements AttemptMark {
  private isGivenUp = false;
  private isFailed = false;

  /**
   * @param around where the work is invoked
   * @param outer the attempt that all attempts at this work are part of
   */
  constructor(
    private readonly around: Context,
    private readonly outer: AttemptMark | undefined,
  ) {}

  get isAbandoned(): boolean {
    return this.isGivenUp || this.outer?.isAbandoned === true;
  }

  get hasFailed(): boolean {
    return this.isFailed || this.outer?.hasFailed === true;
  }

  /** @param reason the class of the error, for the log */
  fail(reason?: string): void {
    this.isFailed = true;
    this.around.opened?.hasFailedIn(reason);
  }

  abandon(): void {
    this.isGivenUp = true;
    this.around.opened?.hasGivenUp();
  }

  run<R>(fn: () => R): R {
    return contexts.run(new AttemptContext(this.around, this), fn);
  }

  /**
   * Calls what hears of the failure. If that invokes the work again, its calls are dropped with
   * those of this attempt; if it answers in place of the work, they are its own.
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

/** The same place as around it, within one attempt. */
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
  // A nested unit that outlives the one that it would hand over to decides itself.
  if (!unit.top.hasAbandoned) return intents;
  if (unit.givenUp !== undefined) journal.add(unit.givenUp);
  return intents.filter(
    (intent) => !isAbandoned(intent) || (recordDropped(unit, journal, intent, 'retry'), false),
  );
}

/**
 * Drops what abandoned attempts have left in a full buffer: the next one starts clean. @returns
 * whether there is room now
 * @internal
 */
export function makeRoom(unit: UnitOfWork): boolean {
  if (!unit.holdsAbandoned) return false;
  unit.holdsAbandoned = false;
  const journal = (unit.givenUp ??= new FlushJournal());
  for (const intent of unit.buffer.take(isAbandoned)) recordDropped(unit, journal, intent, 'retry');
  return !unit.isFull;
}

function isAbandoned(intent: Intent): boolean {
  return stampOf(intent).attempt?.isAbandoned === true && !isWithRows(intent);
}

/** True for a call of an invocation that has failed. @internal */
export function wasCalledInFailure(intent: Intent): boolean {
  return stampOf(intent).attempt?.hasFailed === true && !isWithRows(intent);
}

/** True for what is written with the rows of an open transaction: their fate is its own (rule 23). */
function isWithRows(intent: Intent): boolean {
  const { executor, frame } = stampOf(intent);
  return executor.transactional === true && frame?.fate === 'open';
}
