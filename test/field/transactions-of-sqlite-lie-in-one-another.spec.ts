import { setTimeout } from 'node:timers/promises';
import { enqueue, runInScope } from 'nestjs-airlock';
import { trackTypeOrmTransactions } from 'nestjs-airlock/typeorm';
import { DataSource } from 'typeorm';
import { checkAfterEach, errorOf, send, sent } from '../unit/core/fixtures.js';
import { ExpectedError } from '../../lib/testing/contracts/expected-error.js';

// On SQLite one query runner serves all. While a transaction is open, TypeORM makes each other one a
// savepoint in it, and ends the innermost, whoever asks.

checkAfterEach();

type Query = (sql: string) => Promise<unknown>;

const STYLES: Record<
  string,
  (dataSource: DataSource, work: (query: Query) => Promise<void>) => Promise<void>
> = {
  'with a callback': (dataSource, work) =>
    dataSource.transaction((manager) => work((sql) => manager.query(sql))),
  async 'begun by a statement'(dataSource, work) {
    const runner = dataSource.createQueryRunner();
    await runner.connect();
    await runner.startTransaction();
    try {
      await work((sql) => runner.query(sql));
      await runner.commitTransaction();
    } catch (error) {
      await runner.rollbackTransaction();
      throw error;
    } finally {
      await runner.release();
    }
  },
};

describe.each(Object.keys(STYLES))(
  'when two requests have a transaction of SQLite: %s',
  (style) => {
    const transaction = STYLES[style]!;
    let dataSource: DataSource;
    const items = async (): Promise<unknown> =>
      (await dataSource.query<{ item: string }[]>('select item from orders')).map(
        ({ item }) => item,
      );

    beforeEach(async () => {
      const made = new DataSource({ type: 'better-sqlite3', database: ':memory:' });
      dataSource = trackTypeOrmTransactions(await made.initialize());
      await dataSource.query('create table orders (item text)');
    });
    afterEach(() => dataSource.destroy());

    it('does as without Airlock where they call no effect', async () => {
      const request = async (item: string): Promise<void> => {
        await setTimeout(0);
        await runInScope(() =>
          transaction(dataSource, async (query) => {
            await query(`insert into orders values ('${item}')`);
            await setTimeout(5);
          }),
        );
      };
      await Promise.all(['tea', 'rice', 'salt'].map(request));
      expect(await items()).toEqual(['tea', 'rice', 'salt']);
    });

    it.each([true, false])(
      'has an effect share the fate of its row, where the other one has ended first: commits %s',
      async (commits) => {
        const first = runInScope(() =>
          transaction(dataSource, async () => {
            await setTimeout(10);
          }),
        );
        await setTimeout(0);
        const second = runInScope(() =>
          transaction(dataSource, async (query) => {
            await first;
            await query(`insert into orders values ('rice')`);
            enqueue(send, 'rice');
            if (!commits) throw new ExpectedError();
          }),
        );
        if (commits) await second;
        else await errorOf(() => second);
        const kept = commits ? ['rice'] : [];
        expect([await items(), sent]).toEqual([kept, kept]);
      },
    );
  },
);
