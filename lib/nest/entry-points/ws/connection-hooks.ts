import { isPromise } from 'node:util/types';
import { contexts } from '../../../core/scope/context.js';
import type { OnDispatchError } from '../../../core/scope-options.js';
import { isThenable } from '../../../core/results/completion.js';
import type { AirlockRuntime } from '../../../core/runtime.js';
import { ShuttingDownError } from '../../../errors/shutting-down.error.js';
import type { HandlerPlan, HandlerPlans } from '../../boundaries/boundary.js';
import { callInScope, type HandlerScope } from '../../calls/call-in-scope.js';
import type { Candidate, Class } from '../../container/candidate.js';
import { isReplaceable, replaceOwn } from '../../methods/replace-method.js';

const HOOKS = ['handleConnection', 'handleDisconnect'];

/** The methods of a gateway that Nest calls when a client comes or leaves. @internal */
export function connectionHooksOf({ methods }: Candidate): readonly string[] {
  return HOOKS.filter((name) => methods.includes(name));
}

/**
 * Gives each call of a hook a scope. Nest neither waits for a hook nor catches its errors, so none
 * of Airlock's own is thrown there: an effect that fails is reported, and the refusal of scopes at
 * a shutdown, when Nest calls `handleDisconnect` for each client that is left, is logged once.
 *
 * @internal
 */
export function coverConnectionHook(
  gateway: object,
  type: Class,
  key: string,
  { runtime, planOf, how, refusals }: Around,
): void {
  if (!isReplaceable(gateway, key)) return;
  replaceOwn(gateway, key, runtime, (original) => {
    return function (this: unknown, ...args: never[]): unknown {
      // Read at the call: policies are resolved after Nest has taken the method.
      const plan = planOf(type, original, key);
      if (plan === undefined || plan.isSkipped) return original.apply(this, args);
      const handler: HandlerScope = {
        runtime,
        prepared: plan.scope,
        how: how === 'throw' ? 'report' : how,
        declared: 'unknown',
        isIgnored: true,
      };
      const call = (): unknown => callUnawaited(handler, () => original.apply(this, args));
      return refusals.loggedIn(() => contexts.run(runtime.context.forEntryPoints, call));
    };
  });
}

/** Makes a call whose query, if it returns one, is begun by nobody, since nobody awaits it. */
function callUnawaited(handler: HandlerScope, work: () => unknown): unknown {
  let query: unknown;
  const result = callInScope(handler, () => {
    const returned = work();
    if (!isThenable(returned) || isPromise(returned)) return returned;
    query = returned;
  });
  return query ?? result;
}

/** Reads the plan of a handler; undefined where that cannot be done yet. @internal */
export type PlanOf = (...handler: Parameters<HandlerPlans['of']>) => HandlerPlan | undefined;

interface Around {
  readonly runtime: AirlockRuntime;
  readonly planOf: PlanOf;
  readonly how: OnDispatchError;
  readonly refusals: HookRefusals;
}

/**
 * Refusals of scopes at a shutdown. A gateway may have an instance for each client.
 *
 * @internal
 */
export class HookRefusals {
  private readonly logged = new Set<string>();

  constructor(private readonly runtime: AirlockRuntime) {}

  loggedIn(call: () => unknown): unknown {
    try {
      const result = call();
      return isPromise(result) ? result.catch(this.log) : result;
    } catch (error) {
      return this.log(error);
    }
  }

  private readonly log = (error: unknown): void => {
    if (!(error instanceof ShuttingDownError)) throw error;
    if (!this.logged.has(error.scope)) this.runtime.logError(error);
    this.logged.add(error.scope);
  };
}
