import type { AirlockRuntime } from '../../core/runtime.js';
import type { WorkScope } from '../../core/run-and-end.js';

const waiting = new WeakMap<AirlockRuntime, Set<WorkScope>>();

/**
 * Scopes of an application that were opened by calls whose Observable nobody has subscribed to yet.
 * @internal
 */
export function neverSubscribed(runtime: AirlockRuntime): Set<WorkScope> {
  let scopes = waiting.get(runtime);
  if (scopes === undefined) waiting.set(runtime, (scopes = new Set()));
  return scopes;
}

/** Cancels them: their work never began, so a shutdown does not wait for it. @internal */
export function cancelNeverSubscribed(runtime: AirlockRuntime): void {
  const scopes = neverSubscribed(runtime);
  for (const scope of scopes) {
    // Deleted first: one of its effects may subscribe to that Observable.
    scopes.delete(scope);
    void runtime.endScope(scope, 'cancelled', 'the shutdown', 'report');
  }
}

const warned = new WeakMap<AirlockRuntime, Set<string>>();

/** Warns, once for each method, that nobody subscribes to the Observable it returns. @internal */
export function warnOfIgnored(runtime: AirlockRuntime, name: string): void {
  const names = warned.get(runtime) ?? new Set();
  warned.set(runtime, names);
  if (names.has(name)) return;
  names.add(name);
  runtime.warn(
    `\`${name}\` has returned an Observable, and its caller subscribes to none: what it does when it is subscribed to is never done, and no effect is ` +
      'called there. Effects of the call itself get out as ever. Subscribe in the method, or return `lastValueFrom(...)` of it.',
  );
}
