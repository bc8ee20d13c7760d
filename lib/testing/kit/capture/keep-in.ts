import type { Executor } from '../../../core/model/executor.js';
import type { Intent } from '../../../core/model/intent.js';
import type { Outlet } from '../../../core/scope/executor-override.js';

/** Whether a capture keeps an intent from getting out. @internal */
export type Keeper = (intent: Intent) => boolean;

/** Stands in for whatever would have run an intent. @internal */
export const KEPT_IN: Executor = { execute: () => undefined };

/** Whoever has an outlet: the runtime of an application. @internal */
export interface HasOutlet {
  outlet: Outlet | undefined;
}

const keepers = new WeakMap<HasOutlet, Set<Keeper>>();

/**
 * Keeps intents of an application in, before its own outlet is asked; any number of keepers at a time.
 *
 * @returns what lets go; with the last one the application has the outlet it had before
 * @internal
 */
export function keepIn(host: HasOutlet, keeper: Keeper): () => void {
  const all = keepers.get(host) ?? install(host);
  all.add(keeper);
  return () => all.delete(keeper) && all.size === 0 && uninstall(host);
}

const before = new WeakMap<HasOutlet, Outlet>();

function install(host: HasOutlet): Set<Keeper> {
  const { outlet } = host;
  const all = new Set<Keeper>();
  keepers.set(host, all);
  if (outlet !== undefined) before.set(host, outlet);
  host.outlet = (intent, executor) => {
    for (const isKept of all) if (isKept(intent)) return KEPT_IN;
    return outlet === undefined ? executor : outlet(intent, executor);
  };
  return all;
}

function uninstall(host: HasOutlet): void {
  host.outlet = before.get(host);
  before.delete(host);
  keepers.delete(host);
}
