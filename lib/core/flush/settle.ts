import { AirlockOptionsError } from '../../errors/airlock-options.error.js';
import { dropAbandoned } from '../scope/attempt.js';
import type { Context } from '../scope/context.js';
import { recordDropped } from '../scope/journal.js';
import { holdBack, joinFrame } from '../frame/held-intents.js';
import { reportOpenTransactions } from '../frame/open-transactions.js';
import { type Intent, freeze, stampOf } from '../model/intent.js';
import type { Decision } from '../model/scope-view.js';
import { decisionAbove, dropByOutcome, handOver, mayGoEarly } from './outcome.js';
import { takeUnheard } from '../model/refusal.js';
import { dispatch } from './dispatch.js';
import { type DropReason, FlushJournal, type FlushReport, NOTHING } from '../model/report.js';
import type { UnitOfWork } from '../scope/unit-of-work.js';

const NONE: readonly Intent[] = Object.freeze([]);
const NO_ONE: ReadonlySet<Intent> = new Set();

/**
 * Ends a closed unit: hands its intents to the unit that decides about them, or lets them out or
 * drops them itself. Synchronous where nothing asynchronous is called.
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
  reportOpenTransactions(unit);
  if (
    intents.length === 0 &&
    unit.dispatching === undefined &&
    unit.heldIntents === undefined &&
    unit.givenUp === undefined
  ) {
    unit.host.onSettled?.(unit, NOTHING);
    unit.rest();
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
 * Lets out what is buffered so far of a root unit and goes on (`checkpoint`); what is in an open
 * transaction stays.
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

/** Throws everything away, whatever it waits for. @internal */
export function discardAll(unit: UnitOfWork, reason: DropReason): readonly Intent[] {
  const intents = unit.buffer.take();
  unit.thrownAway = reason;
  unit.end({ outcome: 'cancelled', flushes: false });
  for (const error of takeUnheard(unit)) unit.host.logError(error);
  const journal = new FlushJournal();
  for (const intent of intents) recordDropped(unit, journal, intent, reason);
  // A checkpoint may still be letting some out.
  void reportWhenDone(
    unit,
    journal,
    unit.dispatching?.then(() => {}),
  );
  return Object.freeze(intents);
}

/** Hands each intent to whoever decides about it. @returns those that go out now */
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
  const reason = thrownAwayAbove(unit);
  if (reason === undefined) return dropByOutcome(unit, journal, handed, decisionAbove(unit));
  for (const intent of handed) recordDropped(unit, journal, intent, reason);
  return NONE;
}

/**
 * Rule 16: each ancestor may let some out early, the innermost asked first; what one does not let
 * out it captures.
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
  if (hooks?.beforeDescendantFlushes === undefined) return NO_ONE;
  // Those that wait for the ancestor's failure cannot go before it is known.
  const offered = handed.filter(mayGoEarly).map(freeze);
  if (offered.length === 0) return NO_ONE;
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
 * The reason of an ancestor that was thrown away by hand, with all that was still to come of it,
 * whatever that waits for.
 */
function thrownAwayAbove(unit: UnitOfWork): DropReason | undefined {
  let ancestor = unit.parent;
  while (ancestor !== undefined && ancestor.thrownAway === undefined) ancestor = ancestor.parent;
  return ancestor?.thrownAway;
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
    // What waits for a commit or the answer, or goes out after one, keeps it running: a shutdown
    // waits for that, or names it.
    unit.rest();
    return journal;
  };
  return running ? running.finally(end).then(() => journal) : end();
}
