import { type OutboxSql, outboxSqlOf } from '../../../lib/integrations/outbox/sql/outbox-sql.js';
import { describeWith, mariadb, postgres } from '../../servers.js';
import type { OutboxClient } from './client.js';
import { connectMariadb } from './clients/drizzle.js';
import { connectPg } from './clients/pg.js';

const ROWS = 20_000;

interface Server {
  readonly connect: () => Promise<OutboxClient>;
  /** A table expression with the numbers from 1 on, as `n`. */
  readonly numbers: string;
  readonly analyze: string;
  /** Matches a plan, as JSON, that goes through all rows. */
  readonly everything: RegExp;
}

type Statement = (sql: OutboxSql) => readonly [sql: string, values: unknown[]];

const statements: readonly (readonly [what: string, statement: Statement])[] = [
  ['what is asked about their age', (sql) => [sql.countBefore(1_001), [10]]],
  ['a renewal', (sql) => [sql.renew(1), [ROWS, 'scope:9', ROWS]]],
  ['the answer to it', (sql) => [sql.renewed(1), ['scope:9', ROWS]]],
  ['a failure', (sql) => [sql.fail(1), ['no', ROWS, 'scope:9', ROWS]]],
  ['a removal', (sql) => [sql.remove(1), ['scope:9']]],
];

function describePlans({ connect, numbers, analyze, everything }: Server): void {
  describe('when thousands of rows are left', () => {
    let client: OutboxClient;

    beforeAll(async () => {
      client = await connect();
      const { create } = outboxSqlOf(client.dialect);
      const rows = `insert into airlock_outbox (id, position, effect, envelope, written_at, due_at)
select concat('scope:', n), 1, 'Mail.send', repeat('x', 300), n, n from ${numbers}`;
      for (const sql of [...create, rows, `${analyze} airlock_outbox`])
        await client.connection.query(sql, []);
    });

    afterAll(() => client?.close());

    // MariaDB wants what is set for a statement before `explain`.
    const planOf = async (sql: string, values: unknown[]): Promise<string> =>
      JSON.stringify(
        await client.connection.query(`explain ${sql.replace(/^\/\*M!.*?\*\/ /, '')}`, values),
      );

    it.each(statements)('does not go through all of them for %s', async (_, statement) => {
      expect(await planOf(...statement(outboxSqlOf(client.dialect)))).not.toMatch(everything);
    });

    it.each([10, ROWS])('does not go through all of them for a claim: %i are due', async (now) => {
      let plan = '';
      const explained = async (sql: string, values: unknown[]): Promise<readonly object[]> => {
        plan ||= await planOf(sql, values);
        return [];
      };
      await outboxSqlOf(client.dialect).claim(explained, { now, until: ROWS, limit: 100 });
      expect(plan).not.toMatch(everything);
      expect(plan).not.toMatch(/sort/i);
    });
  });
}

describeWith(postgres, 'PostgreSQL', () =>
  describePlans({
    connect: connectPg,
    numbers: `generate_series(1, ${ROWS}) as n`,
    analyze: 'analyze',
    everything: /Seq Scan/,
  }),
);
describeWith(mariadb, 'MariaDB', () =>
  describePlans({
    connect: connectMariadb,
    numbers: `json_table(concat('[0', repeat(',0', ${ROWS} - 1), ']'), '$[*]' columns (n for ordinality)) as numbers`,
    analyze: 'analyze table',
    everything: /"table":"airlock_outbox",("partitions":null,)?"type":"(ALL|index)"/,
  }),
);
