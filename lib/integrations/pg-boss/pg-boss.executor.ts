import { Inject, Injectable } from '@nestjs/common';
import type { DispatchContext } from '../../core/model/dispatch-context.js';
import type { DispatchResult, EffectCall } from '../../core/model/executor.js';
import type { Intent } from '../../core/model/intent.js';
import { EngineUnreachableError } from '../../errors/engine-unreachable.error.js';
import { Deadline } from '../../core/model/deadline.js';
import { ProvidedBy } from '../../nest/container/provided-by.js';
import { RemoteExecutor } from '../../nest/remote/remote-executor.js';
import { connectionFor } from '../frame-connection.js';
import { EnginesDown } from '../engines-down.js';
import { inTransaction } from '../given-up.js';
import { retryWhileUnreachable, unreachable } from './retry-while-unreachable.js';
import { JobIds } from './job-ids.js';
import type { JobEngine } from './job-engine.js';
import { assertKnown } from './job-options.js';
import type { NewJob, SqlConnection } from './pg-boss.client.js';
import { PgBossConnection } from './pg-boss.connection.js';
import { PgBossSettings } from './pg-boss.settings.js';
import { assertStorable } from './storable.js';

/**
 * Writes effects as jobs of pg-boss, from where a worker takes them. Provided by
 * `AirlockPgBossModule`, and named in `AirlockModule.forRoot({ executor: PgBossExecutor })`.
 *
 * In a transaction they are written through its own connection just before its COMMIT, so that jobs
 * and business data live or die together (rule 23); elsewhere in one batch. Effects without a name
 * that a worker could find run in this process.
 *
 * @publicApi
 */
@ProvidedBy('AirlockPgBossModule.forRoot(…)', 'nestjs-airlock/pg-boss')
@Injectable()
export class PgBossExecutor extends RemoteExecutor {
  readonly transactional = true;
  readonly #connection: PgBossConnection;
  readonly #settings: PgBossSettings;
  readonly #ids = new JobIds();
  readonly #enginesDown = new EnginesDown();

  /** @internal Built by Nest. */
  constructor(
    @Inject(PgBossConnection) connection: PgBossConnection,
    @Inject(PgBossSettings) settings: PgBossSettings,
  ) {
    super('pg-boss', settings.options);
    this.#connection = connection;
    this.#settings = settings;
  }

  /**
   * @throws AirlockOptionsError for `dispatchOptions` that a job cannot carry;
   *   EffectSerializationError
   */
  override keepArguments(call: EffectCall): unknown[] {
    const { dispatchOptions } = call;
    const engine = dispatchOptions && this.#connection.opened;
    if (engine !== undefined)
      assertKnown(dispatchOptions!, engine.jobOptions, 'dispatchOptions', call.name);
    const copies = super.keepArguments(call);
    assertStorable(call.name, copies);
    return copies;
  }

  /** @internal */
  jobIdOf({ id }: Intent): string {
    return this.#ids.of(id);
  }

  /**
   * Writes consecutive intents of one queue in one statement.
   *
   * @throws AirlockOptionsError for a transaction that has no connection to write through, or is
   * one of another database
   */
  async executeBatch(
    intents: readonly Intent[],
    context?: DispatchContext,
  ): Promise<readonly DispatchResult[]> {
    const transaction = connectionFor(context, 'pg-boss', 'postgres') as SqlConnection | undefined;
    const down = this.#enginesDown.in(context);
    const engine = await this.#connection.open();
    const failures = new Map<Intent, unknown>();
    for (const { queue, jobs, intents: some } of this.#partsOf(intents, engine, failures)) {
      try {
        if (down.has(this)) throw this.#notWritten(queue, jobs, down.get(this));
        await this.#write(engine, queue, jobs, transaction);
      } catch (error) {
        if (error instanceof EngineUnreachableError && !down.has(this)) down.set(this, error);
        for (const intent of some) failures.set(intent, error);
      }
    }
    return intents.map((intent) =>
      failures.has(intent) ? { intent, error: failures.get(intent) } : { intent },
    );
  }

  #partsOf(
    intents: readonly Intent[],
    engine: JobEngine,
    failures: Map<Intent, unknown>,
  ): readonly QueuePart[] {
    const parts: QueuePart[] = [];
    for (const intent of intents) {
      try {
        const [queue, job] = [this.#settings.queueOf(intent), this.#jobOf(intent, engine)];
        let last = parts.at(-1);
        if (last?.queue !== queue) parts.push((last = { queue, intents: [], jobs: [] }));
        last.intents.push(intent);
        last.jobs.push(job);
      } catch (error) {
        failures.set(intent, error);
      }
    }
    return parts;
  }

  /**
   * Fails jobs at once, as PostgreSQL did not answer a moment ago: waiting once more would gain
   * nothing.
   */
  #notWritten(queue: string, { length }: NewJob[], cause: unknown): EngineUnreachableError {
    const consequence = `${length} effect(s) for queue "${queue}" were not sent`;
    const { dispatchTimeoutMs: timeoutMs } = this.#settings;
    return unreachable({ timeoutMs, option: 'dispatchTimeoutMs' }, 'not sent', consequence, cause);
  }

  #write(
    engine: JobEngine,
    queue: string,
    jobs: NewJob[],
    transaction: SqlConnection | undefined,
  ): Promise<void> {
    const { dispatchTimeoutMs } = this.#settings;
    const consequence = `${jobs.length} effect(s) for queue "${queue}" may not be there`;
    // A job that is there already is not written again, so the statement can be repeated. A
    // transaction whose connection broke cannot.
    const isRepeatable = transaction === undefined;
    const write = (): Promise<void> => engine.insert(queue, jobs, transaction);
    return retryWhileUnreachable(
      new Deadline(dispatchTimeoutMs),
      consequence,
      isRepeatable ? write : () => inTransaction(write()),
      { isRepeatable },
    );
  }

  #jobOf(intent: Intent, engine: JobEngine): NewJob {
    const { dispatchOptions } = intent;
    // Checked again, for calls that were made before the version was known.
    if (dispatchOptions !== undefined)
      assertKnown(dispatchOptions, engine.jobOptions, 'dispatchOptions', intent.name);
    const options = { ...this.#settings.options.jobOptions, ...dispatchOptions };
    return { ...options, id: this.#ids.of(intent.id), data: this.envelopes.write(intent) };
  }
}

/** Jobs that go to one queue in one statement. */
interface QueuePart {
  readonly queue: string;
  readonly intents: Intent[];
  readonly jobs: NewJob[];
}
