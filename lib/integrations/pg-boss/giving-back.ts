import type { FetchedJob, PgBossClient, SqlConnection } from './pg-boss.client.js';

/**
 * Puts jobs that were fetched and not begun back into their queue, as if nobody had fetched them.
 *
 * pg-boss offers no such thing: what is failed, or cancelled and resumed, has used up a try, and is lost if the process ends
 * in between. So this is one statement of ours, on its own connection.
 *
 * @param delaySeconds before anybody can fetch them
 * @internal
 */
export async function giveBack(
  boss: PgBossClient,
  queue: string,
  jobs: readonly FetchedJob[],
  delaySeconds = 0,
): Promise<void> {
  if (jobs.length === 0) return;
  const ids = jobs.map(({ id }) => id);
  // A fetch counts as a further try where `started_on` is set.
  await boss.getDb().executeSql(
    `UPDATE ${await tableOf(boss, queue, ids)}
        SET state = 'created', started_on = NULL, start_after = GREATEST(start_after, now() + $3 * interval '1 second')
      WHERE name = $1 AND id = ANY($2::uuid[]) AND state = 'active'`,
    [queue, ids, delaySeconds],
  );
}

/** A `PgBoss` tells nobody its schema; it is in the statements that it would have others run. */
async function tableOf(boss: PgBossClient, queue: string, ids: string[]): Promise<string> {
  let table: string | undefined;
  const listener: SqlConnection = {
    executeSql: async (text) => {
      table ??= /\bUPDATE\s+(\S+)/i.exec(text)?.[1];
      return { rows: [{ count: 0 }] };
    },
  };
  await boss.resume(queue, ids, { db: listener });
  if (table === undefined) throw new Error('This version of pg-boss does not say where it keeps its jobs.');
  return table;
}
