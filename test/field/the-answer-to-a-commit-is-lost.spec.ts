import { connect, createServer, type Server, type Socket } from 'node:net';
import { drizzle } from 'drizzle-orm/mysql2';
import { createPool } from 'mysql2/promise';
import { AirlockService } from 'nestjs-airlock';
import { trackDrizzleTransactions } from 'nestjs-airlock/drizzle';
import { Pool } from 'pg';
import { type OutboxClient, rowsOf } from '../integrations/outbox/client.js';
import { connectMariadb } from '../integrations/outbox/clients/drizzle.js';
import { connectPg } from '../integrations/outbox/clients/pg.js';
import { boot, Mail } from '../integrations/outbox/fixtures.js';
import { PgTransaction } from '../integrations/pg/pg.adapter.js';
import { describeWith, mariadb, postgres } from '../servers.js';
import { errorOf } from '../unit/core/fixtures.js';
import { until } from '../until.js';

type Query = (sql: string) => Promise<unknown>;

/** A way to a server on which a COMMIT arrives, and its connection breaks before the answer. */
class Wire {
  private readonly sockets = new Set<Socket>();
  private readonly server: Server = createServer((socket) => this.forward(socket));

  constructor(
    private readonly url: string,
    private readonly hasCommitted: () => Promise<boolean>,
  ) {}

  async open(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    const url = new URL(this.url);
    url.hostname = '127.0.0.1';
    url.port = String((this.server.address() as { port: number }).port);
    return url.href;
  }

  close(): void {
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
  }

  private forward(socket: Socket): void {
    const { hostname, port, protocol } = new URL(this.url);
    const peer = connect(Number(port || (protocol === 'mysql:' ? 3306 : 5432)), hostname);
    let isCut = false;
    socket.on('data', (data) => {
      isCut ||= /commit/i.test(data.toString('latin1'));
      peer.write(data);
      if (isCut) void until(this.hasCommitted).then(() => socket.destroy());
    });
    peer.on('data', (data) => isCut || socket.write(data));
    for (const [one, other] of [
      [socket, peer],
      [peer, socket],
    ] as const) {
      this.sockets.add(one);
      one.on('error', () => {}).on('close', () => other.destroy());
    }
  }
}

interface Database {
  readonly url: string;
  readonly client: () => Promise<OutboxClient>;
  readonly place: string;
  /** @returns the end of its pool */
  transact(
    url: string,
    place: string,
    work: (query: Query) => Promise<void>,
  ): Promise<() => Promise<void>>;
}

const onPostgres: Database = {
  url: postgres.url,
  client: connectPg,
  place: 'current_schema()',
  async transact(url, place, work) {
    const pool = new Pool({ connectionString: url, options: `-c search_path=${place}` });
    pool.on('error', () => {});
    const error = await errorOf(() =>
      PgTransaction.in(pool)((tx) => work((sql) => tx.executeSql(sql))),
    );
    expect(error).toBeInstanceOf(Error);
    return () => pool.end();
  },
};

const onMariadb: Database = {
  url: mariadb.url,
  client: connectMariadb,
  place: 'database()',
  async transact(url, place, work) {
    const pool = createPool({ uri: url, database: place });
    const db = trackDrizzleTransactions(drizzle(pool));
    const error = await errorOf(() => db.transaction((tx) => work((sql) => tx.execute(sql))));
    expect(error).toBeInstanceOf(Error);
    return () => pool.end();
  },
};

for (const [server, database] of [
  [postgres, onPostgres],
  [mariadb, onMariadb],
] as const) {
  describeWith(server, server.name, () => {
    describe('when a connection breaks before the answer to a COMMIT', () => {
      it('has the outbox hand over what was committed, once, although the caller got an error', async () => {
        const client = await database.client();
        await client.connection.query('create table orders (id int)', []);
        const has = async (table: string): Promise<boolean> =>
          (await rowsOf(client, `select * from ${table}`)).length > 0;
        const [row] = await rowsOf(client, `select ${database.place} as place`);
        const wire = new Wire(database.url, () => has('orders'));
        const app = await boot(client, { outbox: { sweepIntervalMs: 20, sweepAfterMs: 900 } });
        const mail = app.get(Mail);
        const closePool = await app.get(AirlockService).run(async () =>
          database.transact(await wire.open(), String(row!['place']), async (query) => {
            await query('insert into orders values (1)');
            await mail.send('a');
          }),
        );
        try {
          expect([await has('airlock_outbox'), mail.sent]).toEqual([true, []]);
          await until(async () => !(await has('airlock_outbox')));
          expect(mail.sent).toEqual(['a']);
        } finally {
          await closePool();
          await app.close();
          wire.close();
          await client.close();
        }
      });
    });
  });
}
