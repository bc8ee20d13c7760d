import type { DispatchContext } from '../../core/model/dispatch-context.js';
import type { DispatchResult, EffectCall, Executor } from '../../core/model/executor.js';
import type { Intent } from '../../core/model/intent.js';
import { EngineUnreachableError } from '../../errors/engine-unreachable.error.js';
import { addressOf } from '../../nest/remote/effect-address.js';
import type { EffectWorker } from '../../nest/remote/effect-worker.js';
import { ENVELOPES, EnvelopeWriter } from '../../nest/remote/envelope-writer.js';
import type { RemoteOptions } from '../../nest/remote/remote-options.js';
import { BoundedExecutor } from './bounded-executor.js';
import type { OutboxEngine } from './engine.js';
import type { Failure, OutboxFailures } from './failures.js';
import { assertOptionsWritable, intentOf, type OutboxRow } from './outbox-row.js';
import type { RowsInFlight } from './rows-in-flight.js';
import { knownEnvelopeIn } from './known-effects.js';

/**
 * Engine that hands effects to an executor that leaves the process, such as that of BullMQ.
 * @internal
 */
export class RemoteEngine implements OutboxEngine {
  readonly remote = true;
  /** `BoundedExecutor` limits each hand-over. */
  readonly timeoutMs = false;
  readonly envelopes: EnvelopeWriter;
  private readonly isOurs: boolean;
  private readonly bounded: BoundedExecutor;

  constructor(
    private readonly executor: Executor,
    options: RemoteOptions,
    private readonly rows: RowsInFlight,
    private readonly failures: OutboxFailures,
    private readonly worker: EffectWorker,
  ) {
    this.bounded = new BoundedExecutor(executor, rows, worker.effectTimeoutMs);
    const { [ENVELOPES]: envelopes } = executor as { [ENVELOPES]?: EnvelopeWriter };
    this.isOurs = envelopes !== undefined;
    this.envelopes = envelopes ?? new EnvelopeWriter('the outbox', options);
  }

  accepts(call: EffectCall): boolean {
    if (addressOf(call.effect) === undefined) {
      // The executor decides about a call that no worker could find, or refuses it.
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
   * Hands effects over. An effect that was written never fails its scope: if the executor does not
   * take it, or its claim has run out, it is handed over later.
   */
  async executeBatch(
    intents: readonly Intent[],
    context: DispatchContext,
  ): Promise<readonly DispatchResult[]> {
    const written = new Set(intents.filter(({ id }) => this.rows.attemptsOf(id) !== undefined));
    const results = await this.bounded.handOver(intents, context);
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
    const results = await this.bounded.handOver(intents, {
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

  /** Reports effects that were taken after an earlier attempt had failed. */
  private tellOfTaken(intents: readonly Intent[]): void {
    for (const { id, name: effect } of intents) {
      const failed = this.rows.attemptsOf(id) ?? 0;
      if (failed > 0) this.worker.onAttempt?.({ id, effect, number: failed + 1 });
    }
  }
}
