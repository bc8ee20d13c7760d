import { AsyncLocalStorage } from 'node:async_hooks';
import type { AirlockRuntime } from '../../../core/runtime.js';
import { contexts } from '../../../core/scope/context.js';
import type { Policy } from '../../../core/model/policy.js';
import type { Executor } from '../../../core/model/executor.js';
import type { Intent } from '../../../core/model/intent.js';
import { runDetached } from './detached-run.js';

/** An effect that was let out and has not run. @internal */
export interface HeldEffect {
  readonly intent: Intent;
  /** The effects that led to it while they were run from here, outermost first. */
  readonly trail: readonly string[];
  /** Of the scope that let it out. */
  readonly policies: readonly Policy[];
}

/** What `mode: 'capture'` has kept in, first in, first out. @internal */
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
