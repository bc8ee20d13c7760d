import { isObservable, Observable, throwError } from 'rxjs';
import type { AirlockRuntime } from '../../core/runtime.js';
import { LatentScope } from '../../core/latent-scope.js';
import { endWithError, type WorkScope } from '../../core/run-and-end.js';
import { isThenable } from '../../core/results/completion.js';
import { hasBegun } from '../../core/scope/coverage.js';
import type { Context } from '../../core/scope/context.js';
import type { OnDispatchError } from '../../core/scope-options.js';
import type { Outcome } from '../../core/model/scope-view.js';
import { observeInScope } from '../../core/results/observe-in-scope.js';
import type { PreparedScope } from '../../core/prepared-scope.js';
import { refused } from '../../core/outside/refused-call.js';
import { setImmediate } from '../../core/model/timers.js';
import { type DeclaredResult, Refused } from '../methods/declared-result.js';
import { neverSubscribed, warnOfIgnored } from './unsubscribed-scopes.js';

/** Everything needed to open a scope around calls of one method. @internal */
export interface HandlerScope {
  readonly runtime: AirlockRuntime;
  readonly prepared: PreparedScope;
  readonly how: OnDispatchError;
  /** The declared kind of result, by which the caller hears that a scope was refused. */
  readonly declared: DeclaredResult;
  /** True if its caller ignores what it returns. */
  readonly isIgnored?: boolean;
  /**
   * True if its scope opens with the call, which is refused if that fails; false if it opens with
   * the first effect.
   */
  readonly isEager?: boolean;
}

/**
 * Makes one call in a scope of its own, which ends with what the call returns: same value, same
 * error, same emissions.
 *
 * - a value: at once. The caller gets it as it is, or a Promise of it if its effects take time.
 * - a Promise, or anything else with a `then`: when it is settled.
 * - an Observable: each subscription is a unit of work of its own. The first one takes over the
 *   scope of the call, with what the call itself has buffered; later ones get their own. A scope
 *   that nobody subscribes to is cancelled at shutdown. If the caller ignores what it gets, the
 *   call has completed, and a warning says that the Observable is never subscribed to.
 *
 * @param atOnce ends the scope of a plain value
 * @internal
 */
export function callInScope(
  handler: HandlerScope,
  work: () => unknown,
  atOnce: (handler: HandlerScope, scope: WorkScope, value: unknown) => unknown = complete,
): unknown {
  const { runtime, how, declared } = handler;
  const here = runtime.context;
  const begin = (): WorkScope => openScope(handler, here);
  let scope: WorkScope;
  try {
    scope = begin();
  } catch (error) {
    return refuse(error, declared, here);
  }
  let result: unknown;
  try {
    result = scope.enter(() => begunInScope(work()));
  } catch (error) {
    void endWithError(runtime, scope, error, how);
    throw error;
  }
  const isPromise = isThenable(result);
  if (isObservable(result) && !(isPromise && declared !== 'observable')) {
    return observeInScopes(handler, begin, scope, result);
  }
  if (isPromise) return runtime.runAndEnd(scope, () => result, how, begin);
  return atOnce(handler, scope, result);
}

function openScope({ runtime, prepared, isEager }: HandlerScope, here: Context): WorkScope {
  return isEager === true
    ? runtime.scopes.enter(prepared, here)
    : new LatentScope(runtime, prepared, here);
}

/** Begins the work of a query in the scope. Otherwise it would begin when the query is awaited. */
function begunInScope(result: unknown): unknown {
  if (!isThenable(result) || hasBegun(result) || isObservable(result)) return result;
  return new Promise((resolve, reject) => void result.then(resolve, reject));
}

function complete({ runtime, how }: HandlerScope, scope: WorkScope, value: unknown): unknown {
  const ending = runtime.endScope(scope, 'completed', 'the end of its work', how);
  return ending ? ending.then(() => value) : value;
}

/** Refuses a call in the way in which its method fails, which throws only if it is synchronous. */
function refuse(error: unknown, declared: DeclaredResult, here: Context): unknown {
  if (declared === 'promise') return refused(error, here);
  if (declared === 'observable') return throwError(() => error);
  if (declared === 'deferred') return new Refused(error, refused(error, here));
  throw error;
}

function observeInScopes(
  handler: HandlerScope,
  begin: () => WorkScope,
  ofCall: WorkScope,
  source: Observable<unknown>,
): Observable<unknown> {
  const { runtime, how } = handler;
  const waiting = neverSubscribed(runtime);
  waiting.add(ofCall);
  if (handler.isIgnored === true) endIgnored(handler, ofCall);
  return new Observable((subscriber) => {
    const scope = waiting.delete(ofCall) ? ofCall : begin();
    const end = (outcome: Outcome): void | Promise<void> =>
      runtime.endScope(scope, outcome, 'the end of its Observable', how);
    return observeInScope(() => source, subscriber, scope, end);
  });
}

/** Ends the scope of a call whose Observable is ignored; later, so that others may subscribe. */
function endIgnored({ runtime, prepared, how }: HandlerScope, ofCall: WorkScope): void {
  setImmediate(() => {
    if (!neverSubscribed(runtime).delete(ofCall)) return;
    warnOfIgnored(runtime, prepared.name!);
    const end = async (): Promise<void> =>
      runtime.endScope(
        ofCall,
        'completed',
        'the end of its work',
        how === 'throw' ? 'report' : how,
      );
    void end().catch(runtime.logError);
  });
}
