import { AirlockService } from 'nestjs-airlock';
import { Pool } from 'pg';
import type { OutboxClient } from '../integrations/outbox/client.js';
import { boot, Courier, Mail } from '../integrations/outbox/fixtures.js';
import { PgTransaction } from '../integrations/pg/pg.adapter.js';
import { Lines, until } from '../integrations/remote.js';
import { Address } from '../own-servers/address.js';
import { describeWithOwn } from '../own-servers/describe-with-own.js';
import { OwnPostgres } from '../own-servers/own.postgres.js';

/** How long a request may take, whatever the database does. */
const BOUND_MS = 15_000;

describeWithOwn([OwnPostgres], 'when a database fails over to a replica that is behind', () => {
  it.each(['an engine', 'in process'])(
    'loses no effect but those whose rows are lost, and lets out none that was not committed: %s',
    async (engine) => {
      const primary = await OwnPostgres.start();
      const replica = await OwnPostgres.startReplicaOf(primary);
      const address = await Address.of(primary);
      const pool = new Pool({
        connectionString: primary.url.replace(`:${primary.port}`, `:${address.port}`),
        connectionTimeoutMillis: 2_000,
        query_timeout: 5_000,
      });
      pool.on('error', () => {});
      pool.on('connect', (client) => client.on('error', () => {}));
      const transaction = PgTransaction.in(pool);
      const client = { dialect: 'postgres', connection: pool } as unknown as OutboxClient;
      const [courier, lines] = [new Courier(), new Lines()];
      const app = await boot(client, {
        outbox: {
          ...(engine === 'an engine' && { executor: courier }),
          sweepAfterMs: 500,
          dispatchTimeoutMs: 3_000,
        },
        lines,
      });
      const out = (): readonly unknown[] =>
        engine === 'an engine' ? courier.texts : app.get(Mail).sent;
      const committed = new Set<number>();
      let longest = 0;
      let next = 0;
      const request = async (): Promise<void> => {
        const id = ++next;
        const startedAt = performance.now();
        try {
          await app.get(AirlockService).run(() =>
            transaction(async (tx) => {
              await tx.executeSql(`insert into orders values (${id})`);
              await app.get(Mail).send(id);
            }),
          );
          committed.add(id);
        } catch {
          // What a user sees of an outage.
        }
        longest = Math.max(longest, performance.now() - startedAt);
      };
      const clientsUntil = async (isOver: () => boolean): Promise<void> => {
        const client = async (): Promise<void> => {
          while (!isOver()) await request();
        };
        await Promise.all(Array.from({ length: 5 }, client));
      };
      try {
        await pool.query('create table orders (id int primary key)');
        await clientsUntil(() => committed.size >= 50);
        const onReplica = new Pool({ connectionString: replica.url });
        onReplica.on('error', () => {});
        const ordersOn = async (on: Pool): Promise<readonly number[]> =>
          (await on.query<{ id: number }>('select id from orders')).rows.map(({ id }) => id);
        await until(async () => (await ordersOn(onReplica).catch(() => [])).length >= 50);

        // From here on what is committed is lost.
        await onReplica.query(`alter system set primary_conninfo = ''`);
        await onReplica.query('select pg_reload_conf()');
        await until(
          async () => (await onReplica.query('select 1 from pg_stat_wal_receiver')).rowCount === 0,
        );
        const before = committed.size;
        await clientsUntil(() => committed.size >= before + 50);
        let isOver = false;
        const during = clientsUntil(() => isOver);
        await until(() => committed.size > before + 60);
        await primary.kill();
        await onReplica.query('select pg_promote()');
        address.pointAt(replica);
        const then = committed.size;
        await until(() => committed.size > then + 50);
        isOver = true;
        await during;

        const rows = await ordersOn(onReplica);
        await until(() => rows.every((id) => out().includes(id)));
        await until(
          async () => (await onReplica.query('select 1 from airlock_outbox')).rowCount === 0,
        );
        await onReplica.end();
        const lost = [...committed].filter((id) => !rows.includes(id));
        expect(lost.length).toBeGreaterThan(0);
        const phantoms = out().filter(
          (id) => !rows.includes(id as number) && !committed.has(id as number),
        );
        expect(phantoms).toEqual([]);
        expect(longest).toBeLessThan(BOUND_MS);
      } finally {
        await app.close();
        await pool.end();
        await address.shut();
        await Promise.all([primary.remove(), replica.remove()]);
      }
    },
    120_000,
  );
});
