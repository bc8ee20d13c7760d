import { kindOf } from '../errors/thrown.js';
import type { EffectScope } from './effect-scope.js';
import type { Endable } from './end-scope.js';
import { isObservableLike } from './results/observable.js';
import { iteratedInScope } from './results/iterate.js';
import { observedInScopes } from './results/observe-in-scope.js';
import { isGenerator } from './scope/coverage.js';
import type { OnDispatchError } from './scope-options.js';
import type { Outcome } from './model/scope-view.js';

/** A scope that is opened for some work, and ended with it. @internal */
export type WorkScope = Endable & Pick<EffectScope, 'run' | 'enter'>;

/** The application that ends scopes. */
interface Ender {
  endScope(
    scope: Endable,
    outcome: Outcome,
    closedAt: string,
    how: OnDispatchError,
  ): void | Promise<void>;
  logError(error: unknown): void;
}

/** Ends a scope whose work has thrown; errors of effects are logged. @internal */
export function endWithError(
  host: Ender,
  scope: WorkScope,
  error: unknown,
  how: OnDispatchError,
): void | Promise<void> {
  const outcome = outcomeOf(host, scope, error);
  if (outcome === 'failed') scope.failedBy(kindOf(error));
  // The caller gets the error of the work, also one that is no failure.
  const treatment = outcome === 'completed' && how === 'throw' ? 'report' : how;
  const tell = (problem: unknown): void => host.logError(problem);
  try {
    return host.endScope(scope, outcome, 'the error of its work', treatment)?.catch(tell);
  } catch (problem) {
    tell(problem);
  }
}

function outcomeOf(host: Ender, scope: WorkScope, error: unknown): Outcome {
  try {
    return scope.outcomeOf(error);
  } catch (problem) {
    host.logError(problem);
    return 'failed';
  }
}

/**
 * Ends a scope with the work it was opened for: same value, same error. If the work resolves to an
 * Observable, each subscription to it is a unit of work of its own; so is the iteration of a
 * generator.
 *
 * @param begin opens a scope for a subscription or an iteration; undefined to open none
 * @internal
 */
export async function runAndEnd<R>(
  host: Ender,
  scope: WorkScope,
  work: () => R,
  how: OnDispatchError,
  begin?: () => WorkScope,
): Promise<Awaited<R>> {
  let value: Awaited<R>;
  try {
    value = await work();
  } catch (error) {
    await endWithError(host, scope, error, how);
    throw error;
  }
  const ending = host.endScope(scope, 'completed', 'the end of its work', how);
  if (ending !== undefined) await ending;
  if (begin === undefined || typeof value !== 'object' || value === null) return value;
  const end = (later: WorkScope, outcome: Outcome): void | Promise<void> =>
    host.endScope(later, outcome, 'the end of what its work came to', how);
  if (isObservableLike(value)) return observedInScopes(value, begin, end);
  return isGenerator(value)
    ? iteratedInScope(value, begin, end, (error) => host.logError(error))
    : value;
}
