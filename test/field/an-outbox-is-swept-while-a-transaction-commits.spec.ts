import type { Pool } from 'mysql2/promise';
import { outboxSqlOf } from '../../lib/integrations/outbox/sql/outbox-sql.js';
import type { OutboxClient } from '../integrations/outbox/client.js';
import { connectMariadb } from '../integrations/outbox/clients/drizzle.js';
import { describeWith, mariadb } from '../servers.js';

const UNTIL = 5_000;

describeWith(
  mariadb,
  'when a table of the outbox is swept while a transaction writes into it',
  () => {
    const sql = outboxSqlOf('mysql');
    let client: OutboxClient;

    beforeEach(async () => {
      client = await connectMariadb(['innodb_lock_wait_timeout = 1']);
      for (const statement of sql.create) await client.connection.query(statement, []);
    });
    afterEach(() => client.close());

    const insert = (count: number, dueAt: number) => {
      const rows = Array.from({ length: count }, (_, position) => ({
        id: `${dueAt}:${position}`,
        position,
        effect: 'Mail.send',
        envelope: '{}',
      }));
      return sql.insert(rows, 1, dueAt);
    };

    it.each([1, 20, 200])('claims what is due without waiting for it: %i rows', async (count) => {
      const due = insert(count, 1);
      await client.connection.query(due.sql, due.values as unknown[]);
      const session = await (client.connection as unknown as Pool).getConnection();
      const run = async (statement: string, values: unknown[]): Promise<readonly object[]> => {
        const [rows] = (await client.connection.query(statement, values)) as [readonly object[]];
        return rows;
      };
      await session.query('begin');
      const written = insert(2, UNTIL);
      await session.query(written.sql, written.values);
      const claimed = await sql
        .claim(run, { now: 10, until: UNTIL, limit: 1_000 })
        .finally(() => session.destroy());
      expect(claimed).toHaveLength(count);
    });
  },
);
