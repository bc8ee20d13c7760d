import type { PgBossClient, SqlConnection } from './pg-boss.client.js';

/**
 * Finds the table of jobs. A `PgBoss` does not expose its schema, which is in the statements that
 * it makes for others.
 * @internal
 */
export async function tableOf(boss: PgBossClient, queue: string, ids: string[]): Promise<string> {
  let table: string | undefined;
  const listener: SqlConnection = {
    executeSql: async (text) => {
      table ??= /\bUPDATE\s+(\S+)/i.exec(text)?.[1];
      return { rows: [{ count: 0 }] };
    },
  };
  await boss.resume(queue, ids, { db: listener });
  if (table === undefined)
    throw new Error('This version of pg-boss does not say where it keeps its jobs.');
  return table;
}
