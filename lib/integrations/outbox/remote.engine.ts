import type { DispatchContext } from '../../core/model/dispatch-context.js';
import type { DispatchResult, EffectCall, Executor } from '../../core/model/executor.js';
import type { Intent } from '../../core/model/intent.js';
import { completionOf } from '../../core/results/completion.js';
import { policyName } from '../../core/scope/policy-evaluation.js';
import { EngineUnreachableError } from '../../errors/engine-unreachable.error.js';
import { MissingResultError } from '../../errors/missing-result.error.js';
import { Deadline, TimedOut } from '../../core/model/deadline.js';
import { addressOf } from '../../nest/remote/effect-address.js';
import type { EffectWorker } from '../../nest/remote/effect-worker.js';
import { ENVELOPES, EnvelopeWriter } from '../../nest/remote/envelope-writer.js';
import type { RemoteOptions } from '../../nest/remote/remote-options.js';
import type { OutboxEngine } from './engine.js';
import type { Failure, OutboxFailures } from './failures.js';
import { assertOptionsWritable, intentOf, type OutboxRow } from './outbox-row.js';
import type { RowsInFlight } from './rows-in-flight.js';
import { knownEnvelopeIn } from './known-effects.js';

/** An executor that leaves the process, such as that of BullMQ. @internal */
export class RemoteEngine implements OutboxEngine {
  readonly remote = true;
  /** Each hand-over is bounded here. */
  readonly timeoutMs = false;
  readonly envelopes: EnvelopeWriter;
  private readonly isOurs: boolean;

  constructor(
    private readonly executor: Executor,
    options: RemoteOptions,
    private readonly rows: RowsInFlight,
    private readonly failures: OutboxFailures,
    private readonly worker: EffectWorker,
  ) {
    const { [ENVELOPES]: envelopes } = executor as { [ENVELOPES]?: EnvelopeWriter };
    this.isOurs = envelopes !== undefined;
    this.envelopes = envelopes ?? new EnvelopeWriter('the outbox', options);
  }

  accepts(call: EffectCall): boolean {
    if (addressOf(call.effect) === undefined) {
      // It says what becomes of the call, or refuses it.
      if (this.isOurs) this.executor.accepts!(call);
      else this.envelopes.accepts(call);
      return false;
    }
    return this.executor.accepts?.(call) ?? true;
  }

  keepArguments(call: EffectCall): unknown[] {
    assertOptionsWritable(call.name, call.dispatchOptions);
    return this.executor.keepArguments?.(call) ?? this.envelopes.keepArguments(call);
  }

  jobIdOf(intent: Intent): string | undefined {
    return this.executor.jobIdOf?.(intent);
  }

  async execute(intent: Intent, context: DispatchContext): Promise<void> {
    const [result] = await this.executeBatch([intent], context);
    if (result!.error !== undefined) throw result!.error;
  }

  /**
   * Hands over; what was written and is not taken is no failure of its scope, for it is handed over
   * later. Nor is what waited until it was another process's to hand over.
   */
  async executeBatch(
    intents: readonly Intent[],
    context: DispatchContext,
  ): Promise<readonly DispatchResult[]> {
    const written = new Set(intents.filter(({ id }) => this.rows.attemptsOf(id) !== undefined));
    const results = await this.handOver(intents, context);
    await this.settle(results.filter(({ intent }) => written.has(intent)));
    const errors = new Map(results.map(({ intent, error }) => [intent, error]));
    return intents.map((intent) =>
      written.has(intent) ? { intent } : { intent, error: errors.get(intent) },
    );
  }

  async takeOver(rows: readonly OutboxRow[]): Promise<boolean> {
    const unreadable: Failure[] = [];
    const intents: Intent[] = [];
    for (const row of rows) {
      try {
        intents.push(this.worker.watched(row, () => this.read(row)));
      } catch (error) {
        unreadable.push({ id: row.id, effect: row.effect, error });
      }
    }
    if (unreadable.length > 0) await this.failures.note(unreadable);
    if (intents.length === 0) return true;
    const results = await this.handOver(intents, {
      flush: {},
      signal: new AbortController().signal,
    });
    await this.settle(results);
    return !results.some(({ error }) => error instanceof EngineUnreachableError);
  }

  private read(row: OutboxRow): Intent {
    const envelope = knownEnvelopeIn(row, this.worker);
    return intentOf(envelope, this, this.envelopes, this.worker.host);
  }

  private async settle(results: readonly DispatchResult[]): Promise<void> {
    const taken = results.filter(({ error }) => error === undefined).map(({ intent }) => intent);
    const failed = results.filter(({ error }) => error !== undefined);
    if (taken.length > 0) {
      this.failures.engineAnswers();
      this.tellOfTaken(taken);
      await this.rows.finish(taken.map(({ id }) => id));
    }
    if (failed.length === 0) return;
    await this.failures.note(
      failed.map(({ intent, error }) => ({ id: intent.id, effect: intent.name, error })),
    );
  }

  /** Tells of those that an attempt before has failed to hand over. */
  private tellOfTaken(intents: readonly Intent[]): void {
    for (const { id, name: effect } of intents) {
      const failed = this.rows.attemptsOf(id) ?? 0;
      if (failed > 0) this.worker.onAttempt?.({ id, effect, number: failed + 1 });
    }
  }

  /** One result for each that is still this process's, whatever the executor does. */
  private async handOver(
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
      return intents.map((intent) => ({
        intent,
        error: error ?? new Error('The executor failed without an error.'),
      }));
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
        results.push({
          intent,
          error: error ?? new Error('The executor failed without an error.'),
        });
      }
    }
    return results;
  }

  /**
   * @throws EngineUnreachableError after the executor's limit, or the application's: the rows wait
   *   for it
   */
  private async inTime<T>(call: PromiseLike<T>): Promise<T> {
    const limit = this.executor.timeoutMs ?? this.worker.effectTimeoutMs;
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
