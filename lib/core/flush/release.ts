import { holdForAnswer } from '../scope/delayed-answer.js';
import type { Context } from '../scope/context.js';
import { Dispatch } from './dispatch.js';
import { holdBack, reportOpenTransactions } from '../frame/held-intents.js';
import type { Intent } from '../model/intent.js';
import { decide, dropByOutcome } from './outcome.js';
import { takeUnheard } from '../model/refusal.js';
import type { FlushJournal } from '../model/report.js';
import { type TransactionFrame } from '../frame/transaction-frame.js';
import { outsideFrames } from '../frame/current-frame.js';
import type { UnitOfWork } from '../scope/unit-of-work.js';

/** Lets intents out after those that a unit is letting out already (rule 4). @internal */
export function release(
  unit: UnitOfWork,
  journal: FlushJournal,
  queue: readonly Intent[],
  outer: Context | undefined,
): void | Promise<void> {
  const prompt = holdForAnswer(unit, journal, queue, (late, patient) => release(unit, late, patient, undefined));
  const dispatch = new Dispatch(unit, journal, settleCascade, outer, prompt);
  const go = (): void | Promise<void> => {
    unit.cascade = undefined;
    return outsideFrames(() => dispatch.run());
  };
  let running: void | Promise<void>;
  if (unit.dispatching === undefined) running = go();
  else {
    unit.track(dispatch);
    running = unit.dispatching.then(go);
  }
  if (!running) return;
  const tail = running.finally(() => {
    if (unit.dispatching === tail) unit.dispatching = undefined;
  });
  unit.dispatching = tail;
  return tail;
}

/** Writes intents through the connection of a transaction that is about to commit (rule 23). @internal */
export function releaseInside(
  frame: TransactionFrame,
  unit: UnitOfWork,
  journal: FlushJournal,
  queue: readonly Intent[],
): void | Promise<void> {
  return frame.run(() => new Dispatch(unit, journal, settleCascade, undefined, queue, frame).run());
}

/** Ends the unit that an effect's own calls went into (rule 19). */
function settleCascade(
  unit: UnitOfWork,
  outcome: 'completed' | 'failed',
  dispatch: Dispatch,
): void | PromiseLike<void> {
  unit.close('the end of the effect');
  const intents = unit.take();
  const decision = decide(unit, outcome);
  unit.end(decision.flushes ? 'flushed' : 'discarded', outcome);
  for (const error of takeUnheard(unit)) unit.host.logError(error);
  reportOpenTransactions(unit);
  const { journal } = dispatch;
  const free = holdBack(unit, journal, dropByOutcome(unit, journal, intents, decision));
  const prompt = holdForAnswer(unit, journal, free, (late, patient) => release(unit, late, patient, undefined));
  // A shutdown waits for the commit or the answer that those wait for.
  if (!unit.isAtRest) unit.host.unitOpened(unit);
  return dispatch.cascade(unit, prompt).run();
}
