import { createPool, type Pool } from 'mysql2/promise';
import { enqueue, runInScope } from 'nestjs-airlock';
import {
  type MariadbClient,
  mariadbClients,
  type Query,
  type Savepoint,
} from '../integrations/mariadb.clients.js';
import { describeWith, type FreshMariadb, freshMariadb, mariadb } from '../servers.js';

// A deadlock of MySQL and MariaDB fails one statement and rolls back the whole transaction. Code
// that swallows the error of that statement goes on in autocommit, and its COMMIT succeeds.

describeWith(mariadb, 'when a deadlock is swallowed', () => {
  let database: FreshMariadb;
  let admin: Pool;
  const out: string[] = [];
  const tell = (name: string): void => enqueue(() => void out.push(name));

  beforeAll(async () => {
    database = await freshMariadb();
    admin = createPool(database.url);
    await admin.query(
      'create table accounts (name varchar(20) primary key, amount int) engine=InnoDB',
    );
  });
  afterAll(async () => {
    await admin.end();
    await database.drop();
  });
  beforeEach(async () => {
    out.length = 0;
    await admin.query('delete from accounts');
    await admin.query(`insert into accounts values ('first', 0), ('second', 0)`);
  });

  /**
   * Holds the second account, has written more than the other, and so wins when it goes for the
   * first.
   */
  async function rival(): Promise<() => Promise<void>> {
    const connection = await admin.getConnection();
    await connection.query('begin');
    for (let row = 0; row < 30; row++)
      await connection.query(`insert into accounts values ('rival ${row}', 0)`);
    await connection.query(`update accounts set amount = 1 where name = 'second'`);
    return async () => {
      await connection.query(`update accounts set amount = 1 where name = 'first'`);
      await connection.query('rollback');
      connection.release();
    };
  }

  /**
   * Until the rival has gone for the first account, whose lock it does not get. The tables of
   * InnoDB itself would tell of the lock, but as it was some time ago, and as long as anybody reads
   * them again and again they stay as they are. Or until that has ended.
   */
  async function lockWait(going: Promise<void>): Promise<void> {
    let isOver = false;
    void going.finally(() => (isOver = true));
    while (!isOver) {
      const [rows] = await admin.query(
        `select 1 from information_schema.processlist where db = database() and info like 'update accounts set amount = 1%'`,
      );
      if ((rows as unknown[]).length > 0) return;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  const swallowed: unknown[] = [];
  async function transfer(query: Query, savepoint: Savepoint | undefined): Promise<void> {
    const goOn = await rival();
    tell('before');
    await query(`insert into accounts values ('before', 0)`);
    await query(`update accounts set amount = 2 where name = 'first'`);
    const going = goOn();
    await lockWait(going);
    const collide = (through: Query): PromiseLike<unknown> =>
      through(`update accounts set amount = 2 where name = 'second'`);
    const collided = savepoint
      ? savepoint(async (inner) => {
          tell('in the savepoint');
          await collide(inner);
        })
      : Promise.resolve(collide(query));
    await collided.catch((error: unknown) => swallowed.push(error));
    await going;
    tell('after');
  }

  describe.each(Object.keys(mariadbClients))('%s', (name) => {
    let client: MariadbClient;
    beforeAll(async () => {
      client = await mariadbClients[name]!(database.userUrl);
    });
    afterAll(() => client.close());

    it.each([
      ['in the transaction', false],
      ['in a savepoint', true],
    ])('lets nothing out that was called %s', async (_where, inSavepoint) => {
      swallowed.length = 0;
      await runInScope(() =>
        client
          .transaction((query, savepoint) => transfer(query, inSavepoint ? savepoint : undefined))
          .catch((error: unknown) => swallowed.push(error)),
      );
      expect(swallowed).not.toEqual([]);
      const [rows] = await admin.query('select name from accounts order by name');
      expect((rows as { name: string }[]).map((row) => row.name)).toEqual(['first', 'second']);
      expect(out).toEqual([]);
    });

    it('lets out what is called in a transaction that commits', async () => {
      await runInScope(() =>
        client.transaction(async (query, savepoint) => {
          await query(`insert into accounts values ('third', 0)`);
          tell('third');
          await savepoint(async (inner) => {
            await inner(`insert into accounts values ('fourth', 0)`);
            tell('fourth');
          });
        }),
      );
      expect(out).toEqual(['third', 'fourth']);
    });
  });
});
