import type { DispatchContext } from '../../core/model/dispatch-context.js';
import type { DispatchResult, Executor } from '../../core/model/executor.js';
import type { Intent } from '../../core/model/intent.js';
import { Deadline, TimedOut } from '../../core/model/deadline.js';
import { completionOf } from '../../core/results/completion.js';
import { policyName } from '../../core/model/policy.js';
import { EngineUnreachableError } from '../../errors/engine-unreachable.error.js';
import { MissingResultError } from '../../errors/missing-result.error.js';
import type { RowsInFlight } from './rows-in-flight.js';

const NO_ERROR = 'The executor failed without an error.';

/** Hands intents to an executor that the outbox does not know, within its time limit. @internal */
export class BoundedExecutor {
  constructor(
    private readonly executor: Executor,
    private readonly rows: RowsInFlight,
    /** Limit of the application, for executors without one of their own. */
    private readonly effectTimeoutMs: number | false,
  ) {}

  /**
   * @returns a result for each intent whose row is still claimed by this process, whatever the
   *   executor does
   */
  async handOver(
    given: readonly Intent[],
    context: DispatchContext,
  ): Promise<readonly DispatchResult[]> {
    if (this.executor.executeBatch === undefined) return this.oneByOne(given, context);
    const intents = given.filter(({ id }) => !this.rows.letGoIfLost(id));
    if (intents.length === 0) return [];
    try {
      const results = await this.inTime(this.executor.executeBatch(intents, context));
      const errors = new Map(results.map(({ intent, error }) => [intent, error]));
      return intents.map((intent) => ({
        intent,
        error: errors.has(intent)
          ? errors.get(intent)
          : new MissingResultError(policyName(this.executor), intent.name),
      }));
    } catch (error) {
      return intents.map((intent) => ({ intent, error: error ?? new Error(NO_ERROR) }));
    }
  }

  private async oneByOne(
    intents: readonly Intent[],
    context: DispatchContext,
  ): Promise<readonly DispatchResult[]> {
    const results: DispatchResult[] = [];
    for (const intent of intents) {
      if (this.rows.letGoIfLost(intent.id)) continue;
      try {
        await this.inTime(Promise.resolve(completionOf(this.executor.execute(intent, context))));
        results.push({ intent });
      } catch (error) {
        results.push({ intent, error: error ?? new Error(NO_ERROR) });
      }
    }
    return results;
  }

  /**
   * @throws EngineUnreachableError after the executor's limit, or the application's: the rows wait
   *   for it
   */
  private async inTime<T>(call: PromiseLike<T>): Promise<T> {
    const limit = this.executor.timeoutMs ?? this.effectTimeoutMs;
    if (limit === false) return call;
    try {
      return await new Deadline(limit).within(call);
    } catch (error) {
      if (!(error instanceof TimedOut)) throw error;
      throw new EngineUnreachableError(
        policyName(this.executor),
        limit,
        'unknown',
        'effects that it may have taken are handed over again where they were written',
        { cause: error },
        undefined,
        this.executor.timeoutMs === undefined ? 'effectTimeoutMs' : 'timeoutMs',
      );
    }
  }
}
