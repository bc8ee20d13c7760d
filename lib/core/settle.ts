import { AirlockOptionsError } from '../errors/airlock-options.error.js';
import type { Context } from './context.js';
import { Dispatch, drop } from './dispatch.js';
import { asOrdinary, type Intent, type Outcome, shown, stampOf } from './intent.js';
import { type DropReason, FlushJournal, type FlushReport } from './report.js';
import type { UnitOfWork } from './unit-of-work.js';

const NOTHING: FlushReport = Object.freeze({
  dispatched: Object.freeze([]),
  dropped: Object.freeze([]),
  failed: Object.freeze([]),
  captured: Object.freeze([]),
  deferred: Object.freeze([]),
});

/** How a unit ends: its outcome, and whether its ordinary intents get out. @internal */
export interface Decision {
  readonly outcome: Outcome;
  readonly flushes: boolean;
}

/** What the outcome means for a unit, its opener's `shouldFlush` asked (rule 8). @internal */
export function decide(unit: UnitOfWork, outcome: Outcome): Decision {
  const asked = unit.hooks?.shouldFlush?.(outcome, unit);
  return {
    outcome,
    flushes: asked ?? (outcome === 'completed' || (outcome === 'cancelled' && unit.host.flushesOnCancel)),
  };
}

/**
 * Ends a closed unit: hands its intents to the unit that decides about them, or lets them out or drops them itself.
 * Synchronous where nothing asynchronous is called.
 *
 * @internal
 */
export function settle(
  unit: UnitOfWork,
  decision: Decision,
  outer: Context | undefined,
): FlushReport | Promise<FlushReport> {
  const intents = unit.take();
  unit.end(decision.flushes ? 'flushed' : 'discarded', decision.outcome);
  if (intents.length === 0 && unit.dispatching === undefined) {
    unit.host.ended(unit);
    return NOTHING;
  }
  const journal = new FlushJournal();
  const letOut = (queue: readonly Intent[]): FlushReport | Promise<FlushReport> =>
    finish(unit, journal, release(unit, journal, queue, outer));
  try {
    return letOut(route(unit, journal, intents, decision));
  } catch (error) {
    unit.host.ended(unit);
    throw error;
  }
}

/** Lets out what is buffered so far of a root unit and goes on (`checkpoint`). @internal */
export function settleSoFar(unit: UnitOfWork, outer: Context | undefined): FlushReport | Promise<FlushReport> {
  const journal = new FlushJournal();
  const running = release(
    unit,
    journal,
    unit.take((intent) => stampOf(intent).on !== 'failure'),
    outer,
  );
  return running ? running.then(() => journal) : journal;
}

/** Throws everything away, whatever it waits for. @internal */
export function discardAll(unit: UnitOfWork, reason: DropReason): readonly Intent[] {
  const intents = unit.take();
  unit.end('discarded', 'cancelled');
  const journal = new FlushJournal();
  for (const intent of intents) drop(unit, journal, intent, reason);
  // A checkpoint may still be letting some out.
  void finish(
    unit,
    journal,
    unit.dispatching?.then(() => {}),
  );
  return Object.freeze(intents);
}

/** Says where each intent goes, and returns those that go out now. */
function route(
  unit: UnitOfWork,
  journal: FlushJournal,
  intents: readonly Intent[],
  decision: Decision,
): readonly Intent[] {
  if (unit.parent === undefined) return keep(unit, journal, intents, decision);
  const handed = handOver(unit, journal, intents, decision);
  const heir = unit.heir();
  if (heir !== undefined) return captureBy(heir, unit, journal, handed);
  // Nobody above is left to decide: it goes as the others went. One that was discarded anywhere above decides against.
  return keep(unit, journal, handed, fateAbove(unit));
}

/** Rule 8 for an outermost unit. */
function keep(
  unit: UnitOfWork,
  journal: FlushJournal,
  intents: readonly Intent[],
  { outcome, flushes }: Decision,
): readonly Intent[] {
  if (!unit.hasTriggers && flushes) return intents;
  const goes = { success: flushes, failure: outcome === 'failed', always: true };
  return intents.filter((intent) => goes[stampOf(intent).on] || (drop(unit, journal, intent, 'outcome'), false));
}

/** Rule 8 for a nested unit: what waited for this outcome becomes ordinary, the rest waits for the parent's. */
function handOver(
  unit: UnitOfWork,
  journal: FlushJournal,
  intents: readonly Intent[],
  { outcome, flushes }: Decision,
): readonly Intent[] {
  return intents.flatMap((intent) => {
    const { on } = stampOf(intent);
    if (on === 'success' ? flushes : outcome === 'completed') return [intent];
    if (on === 'always' || (on === 'failure' && outcome === 'failed')) return [asOrdinary(intent)];
    drop(unit, journal, intent, 'outcome');
    return [];
  });
}

/** Rule 16: each ancestor may let some out early, the innermost asked first; what one does not let out it captures. */
function captureBy(
  heir: UnitOfWork,
  exiting: UnitOfWork,
  journal: FlushJournal,
  handed: readonly Intent[],
): readonly Intent[] {
  let leaving = handed;
  for (let ancestor: UnitOfWork | undefined = heir; ancestor !== undefined; ancestor = ancestor.heir()) {
    const early: ReadonlySet<Intent> = letThrough(ancestor, exiting, journal, leaving);
    const captured = leaving.filter((intent) => !early.has(intent));
    ancestor.capture(captured);
    journal.captured.push(...captured);
    leaving = leaving.filter((intent) => early.has(intent));
    if (leaving.length === 0) return leaving;
  }
  return leaving;
}

function letThrough(
  ancestor: UnitOfWork,
  exiting: UnitOfWork,
  journal: FlushJournal,
  handed: readonly Intent[],
): ReadonlySet<Intent> {
  // Those that wait for the ancestor's failure cannot go before it is known.
  const offered = handed.filter((intent) => stampOf(intent).on !== 'failure').map(shown);
  const { hooks } = ancestor;
  if (hooks?.beforeDescendantFlushes === undefined || offered.length === 0) return new Set();
  const refuse = (cause: unknown): never => {
    ancestor.capture(handed);
    journal.captured.push(...handed);
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

function isSubset(chosen: unknown, offered: ReadonlySet<Intent>): chosen is readonly Intent[] {
  return (
    Array.isArray(chosen) &&
    new Set(chosen).size === chosen.length &&
    chosen.every((intent) => offered.has(intent as Intent))
  );
}

function fateAbove(unit: UnitOfWork): Decision {
  const parent = unit.parent!;
  for (let ancestor: UnitOfWork | undefined = parent; ancestor !== undefined; ancestor = ancestor.parent) {
    if (ancestor.state === 'discarded') return { outcome: ancestor.outcome!, flushes: false };
  }
  return { outcome: parent.outcome!, flushes: true };
}

function release(
  unit: UnitOfWork,
  journal: FlushJournal,
  queue: readonly Intent[],
  outer: Context | undefined,
): void | Promise<void> {
  const go = (): void | Promise<void> => new Dispatch(unit, journal, settleCascade, outer).run(queue);
  const running = unit.dispatching === undefined ? go() : unit.dispatching.then(go);
  if (!running) return;
  const tail = running.finally(() => {
    if (unit.dispatching === tail) unit.dispatching = undefined;
  });
  unit.dispatching = tail;
  return tail;
}

function finish(
  unit: UnitOfWork,
  journal: FlushJournal,
  running: void | Promise<void>,
): FlushReport | Promise<FlushReport> {
  if (!running) {
    unit.host.ended(unit);
    return journal;
  }
  return running.then(() => journal).finally(() => unit.host.ended(unit));
}

function settleCascade(
  unit: UnitOfWork,
  outcome: 'completed' | 'failed',
  dispatch: Dispatch,
): void | PromiseLike<void> {
  unit.close('the end of the effect');
  const intents = unit.take();
  const decision = decide(unit, outcome);
  unit.end(decision.flushes ? 'flushed' : 'discarded', outcome);
  return dispatch.cascade(unit).run(keep(unit, dispatch.journal, intents, decision));
}
