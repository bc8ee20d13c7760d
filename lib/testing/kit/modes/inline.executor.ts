import type { AirlockRuntime } from '../../../core/runtime.js';
import { contexts } from '../../../core/scope/context.js';
import type { Executor } from '../../../core/model/executor.js';
import { type Intent, invoke, stampOf } from '../../../core/model/intent.js';
import { runDetached } from './detached-run.js';

/** Runs effects in this process, whatever executor they were for. @internal */
export const INLINE: Executor = { execute: invoke };

/**
 * Runs effects for a transactional executor (rule 23) after the commit, when a worker would find
 * them.
 *
 * @internal
 */
export class InlineAfterCommitExecutor implements Executor {
  constructor(private readonly runtime: AirlockRuntime) {}

  execute(intent: Intent): unknown {
    const { frame } = stampOf(intent);
    if (frame?.fate !== 'open') return invoke(intent);
    const policies = contexts.getStore()?.chain.policies ?? [];
    frame.join({
      beforeCommit: () => {},
      committed: () => runDetached(this.runtime, intent, policies).catch(this.runtime.logError),
      rolledBack: () => {},
    });
  }
}
