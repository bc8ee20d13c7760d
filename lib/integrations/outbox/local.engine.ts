import type { DispatchContext } from '../../core/model/dispatch-context.js';
import type { EffectCall, Executor } from '../../core/model/executor.js';
import { copyPlain } from '../../core/enqueue/copy-plain.js';
import { currentFrame } from '../../core/frame/current-frame.js';
import type { Intent } from '../../core/model/intent.js';
import { completionOf } from '../../core/results/completion.js';
import { ShuttingDownError } from '../../errors/shutting-down.error.js';
import type { EffectWorker } from '../../nest/remote/effect-worker.js';
import { EnvelopeWriter } from '../../nest/remote/envelope-writer.js';
import type { OutboxEngine } from './engine.js';
import type { Failure, OutboxFailures } from './failures.js';
import { assertKnown } from './known-effects.js';
import { envelopeIn, type OutboxRow } from './outbox-row.js';
import type { OutboxSettings } from './outbox.settings.js';
import type { RowsInFlight } from './rows-in-flight.js';

/** This process itself. What is swept runs as what a queue hands to a worker does. @internal */
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
    return this.isWrittenHere ? this.envelopes.keepArguments(call) : copyPlain(call.args as unknown[]);
  }

  execute(intent: Intent, context: DispatchContext): unknown {
    const isWritten = this.rows.attemptsOf(intent.id) !== undefined;
    return isWritten ? this.run(intent, context) : this.executor.execute(intent, context);
  }

  async takeOver(rows: readonly OutboxRow[]): Promise<boolean> {
    const waiting = [...rows];
    let isOver = false;
    const lane = async (): Promise<void> => {
      for (let row; !isOver && (row = waiting.shift()) !== undefined;) isOver = !(await this.runSwept(row));
    };
    await Promise.all(Array.from({ length: this.concurrency }, lane));
    if (waiting.length > 0)
      await this.failures.note(waiting.map((row) => failureOf(row, new ShuttingDownError(row.effect))));
    return !isOver;
  }

  private async run(intent: Intent, context: DispatchContext): Promise<void> {
    try {
      await completionOf(this.executor.execute(intent, context));
    } catch (error) {
      await this.failures.note([{ id: intent.id, effect: intent.name, error, isTold: true }]);
      throw error;
    }
    await this.rows.finish([intent.id]);
  }

  /** @returns false where this application runs nothing more */
  private async runSwept(row: OutboxRow): Promise<boolean> {
    try {
      assertKnown(row, this.worker);
      await this.worker.run(envelopeIn(row), this.settings.options);
    } catch (error) {
      await this.failures.note([failureOf(row, error)]);
      return !(error instanceof ShuttingDownError);
    }
    await this.rows.finish([row.id]);
    return true;
  }

  /** True if a call made here is going to be a row, with arguments as JSON carries them. */
  private get isWrittenHere(): boolean {
    return this.settings.writesAlways || currentFrame() !== undefined;
  }
}

function failureOf({ id, effect }: OutboxRow, error: unknown): Failure {
  return { id, effect, error };
}
