import { Context, contexts, type PolicyEvaluation } from './context.js';
import { recordDropped } from './journal.js';
import { type AttemptMark, type Intent, stampOf } from '../model/intent.js';
import type { PolicyChain } from './policy-chain.js';
import { FlushJournal } from '../model/report.js';
import type { UnitHost, UnitOfWork } from './unit-of-work.js';

/**
 * One invocation of work that may be made again in the same unit of work, as a handler under
 * `retry`. Calls made in it carry its mark; once it is abandoned they are dropped when their unit
 * ends or has no room for more, those included that are still to come from what it has left
 * running.
 *
 * @internal
 */
export class Attempt implements AttemptMark {
  private isGivenUp = false;

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

  abandon(): void {
    this.isGivenUp = true;
    this.around.opened?.hasGivenUp();
  }

  run<R>(fn: () => R): R {
    return contexts.run(new AttemptContext(this.around, this), fn);
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
  for (const intent of unit.take(isAbandoned)) recordDropped(unit, journal, intent, 'retry');
  return !unit.isFull;
}

/**
 * Not what is written with the rows of an open transaction, whose fate it shares for good (rule
 * 23).
 */
function isAbandoned(intent: Intent): boolean {
  const { attempt, executor, frame } = stampOf(intent);
  return (
    attempt?.isAbandoned === true && !(executor.transactional === true && frame?.fate === 'open')
  );
}
