import { connect, createServer, type Server, type Socket } from 'node:net';
import { createPool, type Pool } from 'mysql2/promise';
import { enqueue, runInScope } from 'nestjs-airlock';
import { type MariadbClient, mariadbClients } from '../integrations/mariadb.clients.js';
import { describeWith, type FreshMariadb, freshMariadb, mariadb } from '../servers.js';
import { checkAfterEach, errorOf, send, sent } from '../unit/core/fixtures.js';

// Galera and MySQL's group replication find conflicts with other servers at COMMIT only: they answer
// it with the error of a deadlock, and have rolled back.

checkAfterEach();

/** The first byte of a packet that is a statement. */
const STATEMENT = 3;
const REFUSAL = packet(
  1,
  Buffer.from('\xff\xbd\x04#40001Deadlock found when trying to get lock', 'latin1'),
);

/** One server in front of another, which refuses each COMMIT. */
class Cluster {
  private readonly sockets = new Set<Socket>();
  private readonly server: Server = createServer((socket) => this.forward(socket));

  async open(url: string): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    const own = new URL(url);
    own.hostname = '127.0.0.1';
    own.port = String((this.server.address() as { port: number }).port);
    return own.href;
  }

  close(): void {
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
  }

  private forward(socket: Socket): void {
    const { hostname, port } = new URL(mariadb.url);
    const peer = connect(Number(port || 3306), hostname);
    let refuses = false;
    socket.on('data', (data) => {
      refuses = false;
      // Each begins with its length: a driver may send several at a time.
      for (let start = 0, end = 0; start < data.length; start = end) {
        end = start + 4 + data.readUIntLE(start, 3);
        const payload = data.subarray(start + 4, end);
        // Newer drivers say first how many attributes a statement has.
        const text = payload[1] === 0 ? 3 : 1;
        refuses = payload[0] === STATEMENT && /^commit;?$/i.test(payload.toString('latin1', text));
        const rollback = Buffer.concat([payload.subarray(0, text), Buffer.from('rollback')]);
        peer.write(refuses ? packet(0, rollback) : data.subarray(start, end));
      }
    });
    peer.on('data', (data) => socket.write(refuses ? REFUSAL : data));
    for (const [one, other] of [
      [socket, peer],
      [peer, socket],
    ] as const) {
      this.sockets.add(one);
      one.on('error', () => {}).on('close', () => other.destroy());
    }
  }
}

function packet(number: number, payload: Buffer): Buffer {
  return Buffer.concat([Buffer.from([payload.length, 0, 0, number]), payload]);
}

describeWith(mariadb, 'when a cluster refuses a COMMIT because of a conflict', () => {
  let database: FreshMariadb;
  let admin: Pool;
  const cluster = new Cluster();
  let url: string;

  beforeAll(async () => {
    database = await freshMariadb();
    admin = createPool(database.url);
    await admin.query('create table orders (item varchar(40) primary key) engine=InnoDB');
    url = await cluster.open(database.userUrl);
  });
  afterAll(async () => {
    cluster.close();
    await admin.end();
    await database.drop();
  });

  describe.each(Object.keys(mariadbClients))('%s', (name) => {
    let client: MariadbClient;
    beforeAll(async () => {
      client = await mariadbClients[name]!(url);
    });
    afterAll(() => client.close());

    it('lets nothing out', async () => {
      await runInScope(async () => {
        const given = client.transaction(async (query) => {
          await query(`insert into orders values ('tea')`);
          enqueue(send, 'tea');
        });
        // Knex tells it by the promise of the transaction, not by that of `trx.commit()`.
        if (name === 'Knex without a handler') await given;
        else await errorOf(() => given);
      });
      const [rows] = await admin.query('select item from orders');
      expect([sent, rows]).toEqual([[], []]);
    });
  });
});
