import { Logger } from '@nestjs/common';
import { messageOf } from '../../errors/thrown.js';
import type { JobEnd } from './batch.js';
import { tableOf } from './job-table.js';
import type { FetchedJob, PgBossClient } from './pg-boss.client.js';

/**
 * Puts jobs that were fetched and not begun back into their queue, as if nobody had fetched them.
 *
 * pg-boss cannot do that: a job that is failed, or cancelled and resumed, has used up a try, and is
 * lost if the process ends in between. So this sends one statement of its own, through pg-boss's
 * connection.
 *
 * @param delaySeconds time before anybody can fetch them
 * @returns those for which that failed, each with the error: they have to be failed. Never rejects.
 * @internal
 */
export async function giveBack(
  boss: PgBossClient,
  queue: string,
  jobs: readonly FetchedJob[],
  delaySeconds = 0,
): Promise<readonly JobEnd[]> {
  const unreturned: JobEnd[] = [];
  try {
    await release(boss, queue, jobs, 'retry', delaySeconds);
  } catch {
    for (const job of jobs) {
      try {
        // A `stately` queue has room for one job of each state under one key. Mostly one of the two
        // states is free.
        await release(boss, queue, [job], 'retry', delaySeconds).catch(() =>
          release(boss, queue, [job], 'created', delaySeconds),
        );
      } catch (error) {
        unreturned.push({ job, failure: { error } });
      }
    }
  }
  if (unreturned.length > 0) {
    const ids = unreturned.map(({ job }) => job.id).join(', ');
    new Logger('AirlockPgBoss').error(
      `Jobs of queue "${queue}" that have not begun could not be given back. They count as failed once, at the latest when they expire: ${ids}. ${messageOf(unreturned[0]!.failure?.error)}`,
    );
  }
  return unreturned;
}

/**
 * Sets `started_on` to null, since a fetch counts as a further try where it is set. The state is
 * `retry` rather than `created`, as a `short` queue may have got another job under the same key
 * meanwhile.
 *
 * Jobs of another attempt belong to another worker, and are left alone. Version 10 does not tell
 * attempts apart. There such a job is taken from its worker and runs again: otherwise it would be
 * completed with the rest of the batch.
 */
async function release(
  boss: PgBossClient,
  queue: string,
  jobs: readonly FetchedJob[],
  state: 'retry' | 'created',
  delaySeconds: number,
): Promise<void> {
  const ids = jobs.map(({ id }) => id);
  const attempts = jobs.map(({ retryCount }) => retryCount ?? null);
  await boss.getDb().executeSql(
    `UPDATE ${await tableOf(boss, queue, ids)} AS job
        SET state = '${state}', started_on = NULL, start_after = GREATEST(job.start_after, now() + $4 * interval '1 second')
       FROM unnest($2::uuid[], $3::int[]) AS fetched (id, attempt)
      WHERE job.name = $1 AND job.id = fetched.id AND job.state = 'active'
        AND job.retry_count = COALESCE(fetched.attempt, job.retry_count)`,
    [queue, ids, attempts, delaySeconds],
  );
}
