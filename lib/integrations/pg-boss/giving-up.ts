import { UnknownEffectError } from '../../errors/unknown-effect.error.js';
import type { JobEnd } from './batch.js';
import type { FetchedJob, PgBossClient } from './pg-boss.client.js';
import { tableOf } from './job-table.js';

/** True for a job that no worker with this code can run. @internal */
export function isHopeless({ failure }: JobEnd): boolean {
  return failure?.error instanceof UnknownEffectError;
}

/**
 * Takes the remaining tries from jobs, so that they fail for good. Version 10 has nothing for that.
 * Never rejects: if the statement fails, the jobs are tried in vain until no try is left.
 *
 * @internal
 */
export async function takeTries(
  boss: PgBossClient,
  queue: string,
  jobs: readonly FetchedJob[],
): Promise<void> {
  const ids = jobs.map(({ id }) => id);
  try {
    const table = await tableOf(boss, queue, ids);
    const sql = `UPDATE ${table} SET retry_limit = retry_count WHERE name = $1 AND id = ANY ($2::uuid[]) AND state = 'active'`;
    await boss.getDb().executeSql(sql, [queue, ids]);
  } catch {
    // The statements that fail the jobs report what is wrong.
  }
}
