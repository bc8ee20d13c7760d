import type { Executor } from './executor.js';
import { type Intent, invoke } from './intent.js';
import { AirlockOptionsError } from '../../errors/airlock-options.error.js';

/** @publicApi */
export interface InProcessOptions {
  /**
   * Number of consecutive effects of one scope that may run at a time. With more than 1 they begin
   * in the order of their calls, and may end in any; reports keep the order. @default 1
   */
  readonly concurrency?: number;
}

/**
 * Runs effects in this process, right where the scope flushes: at most once, lost if the process
 * dies in between.
 *
 * @example
 * ```ts
 * AirlockModule.forRoot({ executor: new InProcessExecutor({ concurrency: 4 }) });
 * ```
 *
 * @publicApi
 */
export class InProcessExecutor implements Executor {
  readonly concurrency: number;

  /** @throws AirlockOptionsError for a `concurrency` that is no positive integer */
  constructor({ concurrency = 1 }: InProcessOptions = {}) {
    if (!Number.isSafeInteger(concurrency) || concurrency < 1)
      throw AirlockOptionsError.expected('concurrency', 'a positive integer', concurrency);
    this.concurrency = concurrency;
  }

  execute(intent: Intent): unknown {
    return invoke(intent);
  }
}
