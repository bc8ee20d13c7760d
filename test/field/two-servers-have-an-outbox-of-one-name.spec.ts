import { AirlockService } from 'nestjs-airlock';
import { Pool } from 'pg';
import { type OutboxClient, rowsOf } from '../integrations/outbox/client.js';
import { connectPg } from '../integrations/outbox/clients/pg.js';
import { boot, Courier, Mail } from '../integrations/outbox/fixtures.js';
import { PgTransaction } from '../integrations/pg/pg.adapter.js';
import { Lines, until } from '../integrations/remote.js';
import { outboxSqlOf } from '../../lib/integrations/outbox/sql/outbox-sql.js';
import { describeWithOwn } from '../own-servers/describe-with-own.js';
import { OwnPostgres } from '../own-servers/own.postgres.js';
import { describeWith, postgres } from '../servers.js';

// Shards, for example: the database, the schema and the table have the same names, so that the INSERT of
// a transaction on the other server succeeds.

describeWith(postgres, 'with a server', () => {
  describeWithOwn([OwnPostgres], 'when two servers have an outbox of one name', () => {
    let client: OutboxClient;
    let server: OwnPostgres;
    let shard: Pool;
    beforeAll(async () => {
      server = await OwnPostgres.start();
      client = await connectPg();
      for (const sql of outboxSqlOf('postgres').create) await client.connection.query(sql, []);
      const [{ schema }] = (await rowsOf(client, 'select current_schema() as schema')) as [
        { schema: string },
      ];
      shard = new Pool({
        connectionString: server.url,
        options: `-c search_path=${schema}`,
      });
      shard.on('error', () => {});
      await shard.query(`create schema ${schema}`);
      for (const sql of outboxSqlOf('postgres').create) await shard.query(sql);
    }, 60_000);
    afterAll(async () => {
      await shard.end();
      await client.close();
      await server.remove();
    });

    it('is told once that nobody looks at what is written on the other server', async () => {
      const [lines, courier] = [new Lines(), new Courier()];
      const outbox = { executor: courier, sweepIntervalMs: 20, createTable: false };
      const app = await boot(client, { outbox, lines });
      const missed = () => lines.of('warn').filter((line) => line.includes('another server'));
      const onShard = PgTransaction.in(shard);
      const here = (text: string) =>
        app.get(AirlockService).run(() => client.transaction(() => app.get(Mail).send(text)));
      const there = (text: string) =>
        app.get(AirlockService).run(() => onShard(() => app.get(Mail).send(text)));
      try {
        await here('here');
        await until(
          async () => (await rowsOf(client, 'select id from airlock_outbox')).length === 0,
        );
        expect(missed()).toEqual([]);
        await until(async () => {
          await there('there');
          return missed().length > 0;
        });
        await there('there');
        expect(missed()).toHaveLength(1);
        const { rows } = await shard.query('select id from airlock_outbox');
        expect(rows).toHaveLength(courier.texts.filter((text) => text === 'there').length);
      } finally {
        await app.close();
      }
    }, 60_000);
  });
});
