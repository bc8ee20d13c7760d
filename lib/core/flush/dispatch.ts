import type { Context } from '../scope/context.js';
import { holdForAnswer } from '../scope/hold-for-answer.js';
import type { UnitOfWork } from '../scope/unit-of-work.js';
import { outsideFrames } from '../frame/current-frame.js';
import type { TransactionFrame } from '../frame/transaction-frame.js';
import type { Intent } from '../model/intent.js';
import type { FlushJournal } from '../model/report.js';
import { Pass } from './pass.js';

/** Dispatches intents, after those that the unit is dispatching already (rule 4). @internal */
export function dispatch(
  unit: UnitOfWork,
  journal: FlushJournal,
  queue: readonly Intent[],
  outer: Context | undefined,
): void | Promise<void> {
  const prompt = holdForAnswer(unit, journal, queue);
  const pass = new Pass(unit, journal, prompt, { id: journal, outer, tracker: unit });
  const go = (): void | Promise<void> => {
    unit.cascade = undefined;
    return outsideFrames(() => pass.run());
  };
  let running: void | Promise<void>;
  if (unit.dispatching === undefined) running = go();
  else {
    unit.track(pass);
    running = unit.dispatching.then(go);
  }
  if (!running) return;
  const tail = running.finally(() => {
    if (unit.dispatching === tail) unit.dispatching = undefined;
  });
  unit.dispatching = tail;
  return tail;
}

/**
 * Writes intents through the connection of a transaction that is about to commit (rule 23).
 * @internal
 */
export function dispatchInTransaction(
  frame: TransactionFrame,
  unit: UnitOfWork,
  journal: FlushJournal,
  queue: readonly Intent[],
): void | Promise<void> {
  const flush = { id: journal, outer: undefined, tracker: unit };
  return frame.run(() => new Pass(unit, journal, queue, flush, frame).run());
}
