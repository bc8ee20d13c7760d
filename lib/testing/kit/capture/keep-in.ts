import type { Executor } from '../../../core/model/executor.js';
import type { Intent } from '../../../core/model/intent.js';
import type { ExecutorOverride } from '../../../core/scope/executor-override.js';

/** Tells whether a capture keeps an intent from getting out. */
type Keeper = (intent: Intent) => boolean;

/** Takes the place of the executor of an intent, and does nothing. @internal */
export const KEPT_IN: Executor = { execute: () => undefined };

/** Runtime of an application, by its executor override. */
interface HasExecutorOverride {
  executorOverride: ExecutorOverride | undefined;
}

const keepers = new WeakMap<HasExecutorOverride, Set<Keeper>>();

/**
 * Keeps intents of an application in, before its own executorOverride is asked; any number of
 * keepers at a time.
 *
 * @returns a function that ends it; after the last one the application has its former executor
 *   override
 * @internal
 */
export function keepIn(host: HasExecutorOverride, keeper: Keeper): () => void {
  const all = keepers.get(host) ?? install(host);
  all.add(keeper);
  return () => all.delete(keeper) && all.size === 0 && uninstall(host);
}

const before = new WeakMap<HasExecutorOverride, ExecutorOverride>();

function install(host: HasExecutorOverride): Set<Keeper> {
  const { executorOverride } = host;
  const all = new Set<Keeper>();
  keepers.set(host, all);
  if (executorOverride !== undefined) before.set(host, executorOverride);
  host.executorOverride = (intent, executor) => {
    for (const isKept of all) if (isKept(intent)) return KEPT_IN;
    return executorOverride === undefined ? executor : executorOverride(intent, executor);
  };
  return all;
}

function uninstall(host: HasExecutorOverride): void {
  host.executorOverride = before.get(host);
  before.delete(host);
  keepers.delete(host);
}
