import type { Executor, Policy } from './intent.js';
import type { UnitHooks } from './unit-of-work.js';

/** What a scope is opened with once its options are resolved; may be kept and used for every call of one handler. @internal */
export interface PreparedScope {
  readonly name: string | undefined;
  readonly policies: readonly Policy[];
  readonly executor: Executor | undefined;
  readonly hooks: UnitHooks | undefined;
  readonly failFast: boolean;
}
