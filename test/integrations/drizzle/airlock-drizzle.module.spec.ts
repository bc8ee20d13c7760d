import { drizzle, type NodePgDatabase } from 'drizzle-orm/node-postgres';
import { withReplicas } from 'drizzle-orm/pg-core';
import { AirlockDrizzleModule } from 'nestjs-airlock/drizzle';
import { AirlockService } from 'nestjs-airlock';
import { boot, Effects } from '../../e2e/http/fixtures.js';
import { errorOf } from '../../unit/core/fixtures.js';
import { describeFramesModule } from '../frames-module.suite.js';
import { itemsOf, openNodePostgres, orders } from './fixtures.js';

type Database = Awaited<ReturnType<typeof openNodePostgres>>['db'];
const plain = (db: object): Database => db as Database;

describeFramesModule<Database>(
  {
    name: 'AirlockDrizzleModule',
    forRoot: (options) => AirlockDrizzleModule.forRoot(options),
    notFound: 'Drizzle database',
    expected: 'Expected `db` to be a Drizzle database',
    open: async () => {
      const { db, close } = await openNodePostgres();
      return { client: db, close };
    },
    items: itemsOf,
    transaction: (db, item, work) =>
      db.transaction(async (tx) => {
        await tx.insert(orders).values({ item });
        await work();
      }),
  },
  ({ shop, clients, open, outOf }) => {
    it('covers the savepoints of a database that nobody handed over', async () => {
      const { app, sent } = await boot({ imports: [clients(), AirlockDrizzleModule.forRoot()] });
      const [db, effects] = [await open(), app.get(Effects, { strict: false })];
      await app.get(AirlockService).run(() =>
        db.transaction(async (tx) => {
          await errorOf(() =>
            tx.transaction(async (inner) => (effects.one('in a savepoint'), inner.rollback())),
          );
          effects.one('in the transaction');
        }),
      );
      expect(sent).toEqual(['in the transaction']);
    });

    it('covers another database on the same pool, one with replicas, and these', async () => {
      const { app } = await boot({ imports: [clients(), AirlockDrizzleModule.forRoot()] });
      const again = drizzle((await open()).$client);
      const replicated = withReplicas(again, [drizzle(again.$client)]);
      for (const db of [again, replicated, replicated.$primary, replicated.$replicas[0]!])
        expect(await outOf(app, plain(db))).toEqual([]);
    });

    it('covers what a database replicates that is a provider', async () => {
      const providers = [{ provide: 'DB', useValue: withReplicas(shop(), [shop()]) }];
      const { app } = await boot({ imports: [AirlockDrizzleModule.forRoot()], providers });
      expect(await outOf(app, plain(app.get<NodePgDatabase>('DB')))).toEqual([]);
    });
  },
);
