import type { DispatchContext } from '../../core/model/dispatch-context.js';
import type { EffectCall, Executor } from '../../core/model/executor.js';
import { copyPlain } from '../../core/enqueue/copy-plain.js';
import { currentFrame } from '../../core/frame/current-frame.js';
import { type Intent, stampOf } from '../../core/model/intent.js';
import { completionOf } from '../../core/results/completion.js';
import { ShuttingDownError } from '../../errors/shutting-down.error.js';
import type { EffectWorker } from '../../nest/remote/effect-worker.js';
import { Deadline } from '../../core/model/deadline.js';
import { EnvelopeWriter } from '../../nest/remote/envelope-writer.js';
import type { OutboxEngine } from './engine.js';
import type { Failure, OutboxFailures } from './failures.js';
import { knownEnvelopeIn } from './known-effects.js';
import type { OutboxRow } from './outbox-row.js';
import type { OutboxSettings } from './outbox.settings.js';
import type { RowsInFlight } from './rows-in-flight.js';

/**
 * Number of time limits after which a run counts as hung, and its row is left to other processes.
 */
const LIMITS = 10;

/**
 * Engine that runs effects in this process. Rows that a sweep has claimed run as jobs of a worker
 * do. @internal
 */
export class LocalEngine implements OutboxEngine {
  readonly envelopes: EnvelopeWriter;
  readonly concurrency: number;

  constructor(
    private readonly executor: Executor,
    private readonly settings: OutboxSettings,
    private readonly rows: RowsInFlight,
    private readonly failures: OutboxFailures,
    private readonly worker: EffectWorker,
  ) {
    this.envelopes = new EnvelopeWriter('the outbox', settings.options);
    this.concurrency = executor.concurrency ?? 1;
  }

  accepts(call: EffectCall): boolean {
    return !this.isWrittenHere || this.envelopes.accepts(call);
  }

  keepArguments(call: EffectCall): unknown[] {
    return this.isWrittenHere
      ? this.envelopes.keepArguments(call)
      : copyPlain(call.args as unknown[]);
  }

  execute(intent: Intent, context: DispatchContext): unknown {
    const isWritten = this.rows.attemptsOf(intent.id) !== undefined;
    return isWritten ? this.run(intent, context) : this.executor.execute(intent, context);
  }

  async takeOver(rows: readonly OutboxRow[], isStopped: () => boolean): Promise<boolean> {
    const waiting = [...rows];
    let isOver = false;
    const runRows = async (): Promise<void> => {
      for (let row; !isOver && !isStopped() && (row = waiting.shift()) !== undefined;) {
        if (!this.rows.letGoIfLost(row.id)) isOver = !(await this.inTime(row));
      }
    };
    await Promise.all(Array.from({ length: this.concurrency }, runRows));
    if (waiting.length > 0)
      await this.failures.note(
        waiting.map((row) => failureOf(row, new ShuttingDownError(row.effect))),
      );
    return !isOver;
  }

  /**
   * Runs an effect of this process, unless its claim has run out meanwhile: then another process
   * may run it.
   */
  private async run(intent: Intent, context: DispatchContext): Promise<void> {
    if (this.rows.letGoIfLost(intent.id)) return;
    this.renew(intent.id, stampOf(intent).options.timeoutMs ?? this.worker.effectTimeoutMs);
    try {
      await completionOf(this.executor.execute(intent, context));
    } catch (error) {
      await this.failures.note([{ id: intent.id, effect: intent.name, error, isTold: true }]);
      throw error;
    }
    await this.rows.finish([intent.id]);
  }

  /**
   * Runs a row, and returns after the time limit of the application. The row stays held until its
   * run ends.
   */
  private inTime(row: OutboxRow): Promise<boolean> {
    const run = this.runSwept(row);
    const { effectTimeoutMs } = this.worker;
    return effectTimeoutMs === false
      ? run
      : new Deadline(effectTimeoutMs).within(run).catch(() => true);
  }

  /**
   * Runs a row to its end. Does not reject.
   *
   * @returns false if this application runs nothing more
   */
  private async runSwept(row: OutboxRow): Promise<boolean> {
    try {
      const envelope = this.worker.watched(row, () => knownEnvelopeIn(row, this.worker));
      this.renew(row.id, this.worker.timeoutOf(envelope.effect));
      const attempt = (this.rows.attemptsOf(row.id) ?? 0) + 1;
      await this.worker.run(envelope, this.settings.options, attempt);
    } catch (error) {
      await this.failures.note([failureOf(row, error)]);
      return !(error instanceof ShuttingDownError);
    }
    await this.rows.finish([row.id]);
    return true;
  }

  private renew(id: string, timeoutMs: number | false): void {
    if (timeoutMs !== false) this.rows.renewFor(id, timeoutMs * LIMITS);
  }

  /** True if a call at this place will become a row, with arguments as JSON carries them. */
  private get isWrittenHere(): boolean {
    return this.settings.writesAlways || currentFrame() !== undefined;
  }
}

function failureOf({ id, effect }: OutboxRow, error: unknown): Failure {
  return { id, effect, error };
}
