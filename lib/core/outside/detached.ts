import { contexts, ScopeContext } from '../scope/context.js';
import { outsideMessages } from '../scope/message.js';
import { PolicyChain } from '../scope/policy-chain.js';
import { outsideFrames } from '../frame/current-frame.js';

/**
 * Runs `fn` in no scope and no transaction, whatever is open where it is called. For objects that
 * outlive the work that happens to create them: pollers, pools, sockets, queues. Whatever they
 * start later, such as a timer, is in no scope either.
 *
 * @example
 * ```ts
 * const poller = detached(() => setInterval(() => void airlock.run(() => orders.list()), 1_000));
 * ```
 *
 * @returns what `fn` returns
 * @publicApi
 */
export function detached<R>(fn: () => R): R {
  const store = contexts.getStore();
  return outsideFrames(() => {
    if (store === undefined) return fn();
    const { host, evaluation } = store;
    // Calls in a policy stay refused (rule 13).
    if (evaluation?.isActive !== true) return outsideMessages(() => contexts.run(undefined, fn));
    return contexts.run(
      new ScopeContext(host, undefined, PolicyChain.empty, undefined, evaluation),
      fn,
    );
  });
}
