import { UnknownEffectError } from '../../errors/unknown-effect.error.js';
import type { JobEnd } from './batch.js';
import type { FetchedJob, PgBossClient } from './pg-boss.client.js';
import { tableOf } from './job-table.js';

/** A job that no worker of this code can run, whoever tries. @internal */
export function isHopeless({ failure }: JobEnd): boolean {
  return failure?.error instanceof UnknownEffectError;
}

/**
 * Takes from jobs the tries that they have left, so that failing them is for good. Version 10 has
 * nothing for that. Never rejects: where it is not possible they are tried in vain until they are
 * used up.
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
    // They are failed by other statements, which say what is wrong.
  }
}
