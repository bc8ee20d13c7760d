import type { Policy } from './model/policy.js';
import type { Executor } from './model/executor.js';
import type { UnitHooks } from './scope/unit-of-work.js';

/**
 * The options of a scope, resolved; may be kept and used for every call of one handler.
 * @internal
 */
export interface PreparedScope {
  readonly name: string | undefined;
  readonly policies: readonly Policy[];
  readonly executor: Executor | undefined;
  readonly hooks: UnitHooks | undefined;
  readonly failFast: boolean;
}
