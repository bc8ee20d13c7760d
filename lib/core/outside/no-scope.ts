import { NoScopeError } from '../../errors/no-scope.error.js';
import { refuseOtherCopies } from '../../installation/installed-copies.js';
import type { EndAtCall } from '../model/end-at-call.js';
import { type Effect, effectName, type EnqueueOptions } from '../model/enqueue-options.js';
import { contexts } from '../scope/context.js';
import { hasRunningApplication } from './running-applications.js';

/** Takes a call that is made outside any scope. */
type CallTaker = (options: EnqueueOptions, effect: Effect, args: unknown[]) => EndAtCall;

const CAPTURE = Symbol.for('nestjs-airlock.test-capture');

/**
 * Global, since a test may load its modules again. Only the set-up of a test runner puts a taker
 * here.
 */
const tests = globalThis as { [CAPTURE]?: CallTaker };

/** Makes `taker` take calls that would be refused; undefined ends that. @internal */
export function captureCalls(taker: CallTaker | undefined): void {
  if (taker === undefined) delete tests[CAPTURE];
  else tests[CAPTURE] = taker;
}

/**
 * Refuses a call outside any scope, unless a test captures it.
 *
 * @param beforeRefusal told of a call that no test captures
 * @throws NoScopeError, TwoCopiesError
 * @internal
 */
export function refuseWithoutScope(
  options: EnqueueOptions,
  effect: Effect,
  args: unknown[],
  beforeRefusal?: () => void,
): EndAtCall {
  const take = tests[CAPTURE];
  if (take !== undefined) return take(options, effect, args);
  beforeRefusal?.();
  refuseOtherCopies();
  const isInOther = contexts.getStore()?.mayReceive === true;
  throw new NoScopeError(effectName(options, effect), hasRunningApplication(), isInOther);
}
