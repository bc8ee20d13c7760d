import type { AirlockRuntime, Followed } from '../core/airlock-runtime.js';

const waiting = new WeakMap<AirlockRuntime, Set<Followed>>();

/** Scopes of an application that were opened by calls whose Observable nobody has subscribed to yet. @internal */
export function neverSubscribed(runtime: AirlockRuntime): Set<Followed> {
  let scopes = waiting.get(runtime);
  if (scopes === undefined) waiting.set(runtime, (scopes = new Set()));
  return scopes;
}

/** Their work never began, so a shutdown does not wait for it. @internal */
export function cancelNeverSubscribed(runtime: AirlockRuntime): void {
  const scopes = neverSubscribed(runtime);
  for (const scope of scopes) {
    // First: one of its effects may subscribe to that Observable.
    scopes.delete(scope);
    void runtime.conclude(scope, 'cancelled', 'the shutdown', 'report');
  }
}
