import { AirlockOptionsError } from '../../errors/airlock-options.error.js';
import { dropAbandoned } from '../scope/attempt.js';
import type { Context } from '../scope/context.js';
import { recordDropped } from '../scope/journal.js';
import { holdBack, joinFrame } from '../frame/held-intents.js';
import { leaveOpenTransactions } from '../frame/open-transactions.js';
import { type Intent, freeze, stampOf } from '../model/intent.js';
import type { Decision } from '../model/scope-view.js';
import { decisionAbove, dropByOutcome, handOver, mayGoEarly } from './outcome.js';
import { takeUnheard } from '../model/refusal.js';
import { dispatch } from './dispatch.js';
import { type DropReason, FlushJournal, type FlushReport, NOTHING } from '../model/report.js';
import type { UnitOfWork } from '../scope/unit-of-work.js';

const NONE: readonly Intent[] = Object.freeze([]);
const NO_INTENTS: ReadonlySet<Intent> = new Set();

/**
 * Ends a closed unit: hands its intents to the unit that decides about them, or dispatches or drops
 * them itself. Synchronous as long as policies and effects are.
 *
 * @internal
 */
export function settle(
  unit: UnitOfWork,
  decision: Decision,
  outer: Context | undefined,
): FlushReport | Promise<FlushReport> {
  const intents = unit.buffer.take();
  unit.end(decision);
  try {
    return settleEnded(unit, intents, decision, outer);
  } finally {
    // What it handed up is no call of the code around.
    leaveOpenTransactions(unit, outer);
  }
}

function settleEnded(
  unit: UnitOfWork,
  intents: readonly Intent[],
  decision: Decision,
  outer: Context | undefined,
): FlushReport | Promise<FlushReport> {
  if (
    intents.length === 0 &&
    unit.dispatching === undefined &&
    unit.heldIntents === undefined &&
    unit.droppedEarly === undefined
  ) {
    unit.host.onSettled?.(unit, NOTHING);
    unit.tellIfAtRest();
    return NOTHING;
  }
  const journal = new FlushJournal(unit.heldIntents?.settled);
  try {
    const due = route(unit, journal, dropAbandoned(unit, journal, intents), decision);
    return reportWhenDone(
      unit,
      journal,
      dispatch(unit, journal, holdBack(unit, journal, due), outer),
    );
  } catch (error) {
    unit.host.running.unitEnded(unit);
    throw error;
  }
}

/**
 * Dispatches what a root unit has buffered so far (`checkpoint`). Intents of open transactions
 * stay.
 * @internal
 */
export function settleSoFar(
  unit: UnitOfWork,
  outer: Context | undefined,
): FlushReport | Promise<FlushReport> {
  const journal = new FlushJournal(unit.heldIntents?.settled);
  const ready = unit.buffer.take(
    (intent) => mayGoEarly(intent) && stampOf(intent).frame?.fate !== 'open',
  );
  const running = dispatch(
    unit,
    journal,
    holdBack(unit, journal, dropAbandoned(unit, journal, ready)),
    outer,
  );
  return running ? running.then(() => journal) : journal;
}

/** Drops all intents, whatever they wait for. @internal */
export function discardAll(unit: UnitOfWork, reason: DropReason): readonly Intent[] {
  const intents = unit.buffer.take();
  unit.discardReason = reason;
  unit.end({ outcome: 'cancelled', flushes: false });
  for (const error of takeUnheard(unit)) unit.host.logError(error);
  const journal = new FlushJournal();
  for (const intent of intents) recordDropped(unit, journal, intent, reason);
  // A checkpoint may still be dispatching some.
  void reportWhenDone(
    unit,
    journal,
    unit.dispatching?.then(() => {}),
  );
  return Object.freeze(intents);
}

/** Hands each intent to the unit that decides about it. @returns the intents that go out now */
function route(
  unit: UnitOfWork,
  journal: FlushJournal,
  intents: readonly Intent[],
  decision: Decision,
): readonly Intent[] {
  if (unit.parent === undefined) return dropByOutcome(unit, journal, intents, decision);
  const handed = handOver(unit, journal, intents, decision);
  const heir = unit.heir();
  if (heir !== undefined) return captureBy(heir, unit, journal, handed);
  // Every ancestor has ended: follow the parent's outcome; if any of them was discarded, discard.
  const reason = discardReasonAbove(unit);
  if (reason === undefined) return dropByOutcome(unit, journal, handed, decisionAbove(unit));
  for (const intent of handed) recordDropped(unit, journal, intent, reason);
  return NONE;
}

/**
 * Lets each ancestor pick intents that go out early, the innermost first, and hands it the others
 * (rule 16).
 *
 * @returns the intents that every ancestor lets out
 */
function captureBy(
  heir: UnitOfWork,
  exiting: UnitOfWork,
  journal: FlushJournal,
  handed: readonly Intent[],
): readonly Intent[] {
  let leaving = handed;
  for (
    let ancestor: UnitOfWork | undefined = heir;
    ancestor !== undefined;
    ancestor = ancestor.heir()
  ) {
    const early: ReadonlySet<Intent> = letThrough(ancestor, exiting, journal, leaving);
    const captured = early.size === 0 ? leaving : leaving.filter((intent) => !early.has(intent));
    captureIn(ancestor, exiting, captured);
    journal.captured = journal.captured.concat(captured);
    if (early.size === 0) return NONE;
    leaving = leaving.filter((intent) => early.has(intent));
  }
  return leaving;
}

function letThrough(
  ancestor: UnitOfWork,
  exiting: UnitOfWork,
  journal: FlushJournal,
  handed: readonly Intent[],
): ReadonlySet<Intent> {
  const { hooks } = ancestor;
  if (hooks?.beforeDescendantFlushes === undefined) return NO_INTENTS;
  // Intents that wait for the ancestor's failure cannot go before it is known.
  const offered = handed.filter(mayGoEarly).map(freeze);
  if (offered.length === 0) return NO_INTENTS;
  const refuse = (cause: unknown): never => {
    captureIn(ancestor, exiting, handed);
    journal.captured = journal.captured.concat(handed);
    throw cause;
  };
  let chosen: unknown;
  try {
    chosen = hooks.beforeDescendantFlushes(exiting, Object.freeze(offered));
  } catch (error) {
    return refuse(error);
  }
  if (isSubset(chosen, new Set(offered))) return new Set(chosen);
  return refuse(
    new AirlockOptionsError(
      'beforeDescendantFlushes',
      `Expected \`beforeDescendantFlushes\` of scope "${ancestor.label}" to return some of the intents it was given, each once, ` +
        `for scope "${exiting.label}". All of them are kept for "${ancestor.label}"; return \`[]\` to keep them, or \`intents\` to let all out.`,
    ),
  );
}

function captureIn(ancestor: UnitOfWork, exiting: UnitOfWork, intents: readonly Intent[]): void {
  ancestor.capture(intents, exiting);
  if (exiting.heldIntents !== undefined) for (const intent of intents) joinFrame(ancestor, intent);
}

function isSubset(chosen: unknown, offered: ReadonlySet<Intent>): chosen is readonly Intent[] {
  return (
    Array.isArray(chosen) &&
    new Set(chosen).size === chosen.length &&
    chosen.every((intent) => offered.has(intent as Intent))
  );
}

/**
 * The reason why an ancestor was discarded by hand. Everything that comes later is discarded too.
 */
function discardReasonAbove(unit: UnitOfWork): DropReason | undefined {
  let ancestor = unit.parent;
  while (ancestor !== undefined && ancestor.discardReason === undefined) ancestor = ancestor.parent;
  return ancestor?.discardReason;
}

function reportWhenDone(
  unit: UnitOfWork,
  journal: FlushJournal,
  running: void | Promise<void>,
): FlushReport | Promise<FlushReport> {
  const end = (): FlushJournal => {
    // Transactions may have decided something meanwhile.
    if (unit.heldIntents !== undefined) journal.add(unit.heldIntents.settled);
    unit.isReported = true;
    unit.host.onSettled?.(unit, journal);
    // Intents that wait for a commit or the answer keep the unit running: a shutdown waits for
    // them, or names them.
    unit.tellIfAtRest();
    return journal;
  };
  return running ? running.finally(end).then(() => journal) : end();
}
