import { isHeard, publish } from '../model/diagnostics.js';
import type { Effect, EnqueueOptions } from '../model/enqueue-options.js';
import { freeze, Intent } from '../model/intent.js';
import type { DropReason } from '../model/report.js';
import type { Context } from '../scope/context.js';
import type { UnitOfWork } from '../scope/unit-of-work.js';

/** Publishes the drop of a call that was never buffered. @internal */
export function publishLostCall(
  unit: UnitOfWork,
  { chain, attempt }: Context,
  options: EnqueueOptions,
  effect: Effect,
  args: unknown[],
  reason: DropReason,
): void {
  if (!isHeard.drop(unit.host)) return;
  const intent = lostIntent(unit, { chain, attempt }, options, effect, args);
  publish(unit.host, 'drop', { scope: unit.view, intent, reason });
}

/** Makes the intent that a call would have been. @internal */
export function lostIntent(
  unit: UnitOfWork,
  { chain, attempt }: Pick<Context, 'chain' | 'attempt'>,
  options: EnqueueOptions,
  effect: Effect,
  args: unknown[],
): Intent {
  const { executor } = unit;
  const { on = 'success' } = options;
  const stamp = {
    frame: undefined,
    birthplace: unit,
    options: { ...options },
    path: chain,
    executor,
    on,
    attempt,
  };
  return freeze(new Intent(stamp, unit.nextSequence(), effect, args));
}
