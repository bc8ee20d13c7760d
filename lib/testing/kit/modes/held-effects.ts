import { AsyncLocalStorage } from 'node:async_hooks';
import type { AirlockRuntime } from '../../../core/runtime.js';
import { contexts } from '../../../core/scope/context.js';
import type { Policy } from '../../../core/model/policy.js';
import type { Executor } from '../../../core/model/executor.js';
import type { Intent } from '../../../core/model/intent.js';
import { runDetached } from './detached-run.js';

/** Effect that was dispatched and has not run. */
interface HeldEffect {
  readonly intent: Intent;
  /** Names of the effects whose runs led to it, outermost first. */
  readonly trail: readonly string[];
  /** Policies of the scope that dispatched it. */
  readonly policies: readonly Policy[];
}

/** Queue of effects that `mode: 'capture'` has kept in, first in, first out. @internal */
export class HeldEffects implements Executor {
  private readonly trails = new AsyncLocalStorage<readonly string[]>();
  private queue: HeldEffect[] = [];

  execute(intent: Intent): void {
    const policies = contexts.getStore()?.chain.policies ?? [];
    this.queue.push({ intent, policies, trail: this.trails.getStore() ?? [] });
  }

  takeNext(): HeldEffect | undefined {
    return this.queue.shift();
  }

  async run(runtime: AirlockRuntime, { intent, policies, trail }: HeldEffect): Promise<void> {
    await this.trails.run([...trail, intent.name], () => runDetached(runtime, intent, policies));
  }

  clear(): void {
    this.queue = [];
  }
}
