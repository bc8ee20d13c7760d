import { setImmediate as turn } from 'node:timers/promises';
import { messageOf } from '../../errors/thrown.js';
import type { Batch, JobEnd } from './batch.js';
import { BatchWorker } from './batch.worker.js';
import { giveBack } from './giving-back.js';
import { isHopeless, takeTries } from './giving-up.js';
import type { PgBoss10Client } from './pg-boss.client.js';

/**
 * Seconds during which a returned job cannot be fetched: pg-boss completes the whole batch by its
 * ids meanwhile, mostly within milliseconds.
 */
const DELAY_SECONDS = 2;

/** @internal */
export class PgBoss10Worker extends BatchWorker<PgBoss10Client, void> {
  async start(): Promise<void> {
    this.id = await this.boss.work(this.queue, this.options, (jobs) => this.handle(jobs));
  }

  protected async stop(): Promise<void> {
    const { boss, queue, batches } = this;
    await boss.offWork({ id: this.id! });
    // `offWork` does not wait for a fetch that is under way. This query is answered after that one.
    await boss.getQueue(queue);
    while (batches.size > 0) await Promise.allSettled(batches.values());
    // Nor does it wait for the end of a batch, which begins to settle within this turn.
    await turn();
    await boss.getQueue(queue);
  }

  /**
   * pg-boss 10 settles a batch as a whole, by its ids. So jobs that succeeded are completed here
   * before the batch fails for the others. In the other order a job could be completed by mistake
   * that waits for its next try. A batch with jobs that are given back must not fail as a whole:
   * these would fail too.
   */
  protected async settle(batch: Batch): Promise<void> {
    // pg-boss has failed the batch, or is about to.
    if (batch.isExpired) throw new Error('The batch took longer than `expireInSeconds`.');
    const { boss, queue } = this;
    const { ends, unbegun } = batch;
    const failed = ends.filter(({ failure }) => failure !== undefined);
    const hopeless = failed.filter(isHopeless).map(({ job }) => job);
    if (hopeless.length > 0) await takeTries(boss, queue, hopeless);
    if (failed.length === 0 && unbegun.length === 0) return;
    const succeeded = ends.filter(({ failure }) => failure === undefined).map(({ job }) => job.id);
    if (succeeded.length > 0) await boss.complete(queue, succeeded);
    if (unbegun.length === 0) throw errorOf(failed);
    const unreturned = await giveBack(boss, queue, unbegun, DELAY_SECONDS);
    for (const { job, failure } of [...failed, ...unreturned])
      await boss.fail(queue, job.id, outputOf(failure?.error));
  }
}

/** Returns an error as pg-boss stores it, as with an error that a handler throws. */
function outputOf(error: unknown): object {
  return typeof error === 'object' && error !== null ? error : { value: error };
}

/** Makes the error that all failed jobs of a batch get as their output. */
function errorOf(failed: readonly JobEnd[]): unknown {
  const errors = failed.map(({ failure }) => failure?.error);
  if (errors.length === 1) return errors[0];
  const messages = errors.map(messageOf);
  return new AggregateError(errors, messages.join('; '));
}
