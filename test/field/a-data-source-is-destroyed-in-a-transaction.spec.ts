import { EventEmitter, once } from 'node:events';
import { enqueue, runInScope } from 'nestjs-airlock';
import { trackTypeOrmTransactions } from 'nestjs-airlock/typeorm';
import { DataSource, QueryRunnerAlreadyReleasedError } from 'typeorm';
import { describeWith, freshMariadb, freshSchema, mariadb, postgres } from '../servers.js';
import { checkAfterEach, errorOf, send, sent } from '../unit/core/fixtures.js';

// A shutdown destroys the data source while requests are at work: TypeORM releases the query runners
// of their transactions, and refuses all that these send from then on.

checkAfterEach();

type Query = (sql: string) => Promise<unknown>;

const STYLES: Record<
  string,
  (dataSource: DataSource, work: (query: Query) => Promise<void>) => Promise<void>
> = {
  'with a callback': (dataSource, work) =>
    dataSource.transaction((manager) => work((sql) => manager.query(sql))),
  'with a savepoint in a callback': (dataSource, work) =>
    dataSource.transaction((manager) =>
      manager.transaction((nested) => work((sql) => nested.query(sql))),
    ),
  async 'begun by a statement'(dataSource, work) {
    const runner = dataSource.createQueryRunner();
    await runner.connect();
    await runner.startTransaction();
    try {
      await work((sql) => runner.query(sql));
      await runner.commitTransaction();
    } finally {
      await runner.release();
    }
  },
};

for (const [server, type, fresh] of [
  [postgres, 'postgres', freshSchema],
  [mariadb, 'mysql', freshMariadb],
] as const) {
  describeWith(server, `when a data source is destroyed in a transaction, on ${type}`, () => {
    let database: { readonly url: string; drop(): Promise<void> };
    let dataSource: DataSource;
    let admin: DataSource;
    const items = (): Promise<unknown> => admin.query('select item from orders');

    beforeAll(async () => {
      database = await fresh();
      admin = await new DataSource({ type, url: database.url }).initialize();
      await admin.query('create table orders (item varchar(40) primary key)');
    });
    afterAll(async () => {
      await admin.destroy();
      await database.drop();
    });
    beforeEach(async () => {
      const made = new DataSource({ type, url: database.url });
      dataSource = trackTypeOrmTransactions(await made.initialize());
    });

    describe.each(Object.keys(STYLES))('%s', (style) => {
      it('lets nothing out that is called in it before or after', async () => {
        let error: unknown;
        await runInScope(async () => {
          const shutdown = new EventEmitter();
          const destroyed = once(shutdown, 'signal').then(() => dataSource.destroy());
          error = await errorOf(() =>
            STYLES[style]!(dataSource, async (query) => {
              enqueue(send, 'before');
              await query(`insert into orders values ('before')`);
              shutdown.emit('signal');
              await destroyed;
              enqueue(send, 'after');
              await query(`insert into orders values ('after')`);
            }),
          );
        });
        expect(String(error)).toMatch(/already released|in closed state/);
        expect([sent, await items()]).toEqual([[], []]);
      });

      it('keeps no row of what it sends meanwhile', async () => {
        const shutdown = new EventEmitter();
        const destroyed = once(shutdown, 'signal').then(() => dataSource.destroy());
        const error = await errorOf(() =>
          STYLES[style]!(dataSource, async (query) => {
            shutdown.emit('signal');
            for (let item = 0; ; item++) await query(`insert into orders values ('${item}')`);
          }),
        );
        await destroyed;
        expect(String(error)).toMatch(/already released|in closed state/);
        expect(await items()).toEqual([]);
      });

      it('lets out what is called when it has failed', async () => {
        await runInScope(async () => {
          const shutdown = new EventEmitter();
          const destroyed = once(shutdown, 'signal').then(() => dataSource.destroy());
          await errorOf(() =>
            STYLES[style]!(dataSource, async (query) => {
              shutdown.emit('signal');
              await destroyed;
              await query(`insert into orders values ('after')`);
            }),
          );
          enqueue(send, 'alarm');
        });
        expect(sent).toEqual(['alarm']);
      });
    });
  });
}

describeWith(postgres, 'when a connection is killed in a savepoint of TypeORM', () => {
  it('rejects with the error of TypeORM, although the error of the savepoint was swallowed', async () => {
    const schema = await freshSchema();
    const dataSource = new DataSource({ type: 'postgres', url: schema.url });
    trackTypeOrmTransactions(await dataSource.initialize());
    const error = await errorOf(() =>
      runInScope(() =>
        dataSource.transaction(async (manager) => {
          enqueue(send, 'tea');
          await errorOf(() =>
            manager.transaction((nested) =>
              nested.query('select pg_terminate_backend(pg_backend_pid())'),
            ),
          );
        }),
      ),
    );
    await dataSource.destroy();
    await schema.drop();
    expect(error).toBeInstanceOf(QueryRunnerAlreadyReleasedError);
    expect(sent).toEqual([]);
  });
});
