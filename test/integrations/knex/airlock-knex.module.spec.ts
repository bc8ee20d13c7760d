import type { Knex } from 'knex';
import { AirlockService } from 'nestjs-airlock';
import { AirlockKnexModule } from 'nestjs-airlock/knex';
import { boot, Effects } from '../../e2e/http/fixtures.js';
import { describeFramesModule } from '../frames-module.suite.js';
import { itemsOf, openKnex } from './fixtures.js';

describeFramesModule<Knex>(
  {
    name: 'AirlockKnexModule',
    forRoot: (options) => AirlockKnexModule.forRoot(options),
    notFound: 'Knex instance',
    expected: 'Expected `knex` to be a Knex instance',
    open: async () => {
      const { knex, close } = await openKnex();
      return { client: knex, close };
    },
    items: itemsOf,
    transaction: (knex, item, work) =>
      knex.transaction(async (trx) => {
        await trx('orders').insert({ item });
        await work();
      }),
  },
  ({ shop, clients, open, outOf }) => {
    describe('when an instance that nobody handed over begins a transaction without a handler', () => {
      const later = async () => {
        const { app, sent } = await boot({ imports: [clients(), AirlockKnexModule.forRoot()] });
        return {
          knex: await open(),
          sent,
          effects: app.get(Effects, { strict: false }),
          airlock: app.get(AirlockService),
        };
      };

      it('is covered, with its savepoints', async () => {
        const { knex, sent, effects, airlock } = await later();
        await airlock.run(async () => {
          const trx = await knex.transaction();
          await trx.transaction(async () => effects.one('in a savepoint'));
          effects.one('by hand');
          await trx.rollback();
        });
        expect(sent).toEqual([]);
        await airlock.run(async () => {
          const trx = await knex.transaction({ readOnly: true });
          effects.one('by hand');
          await trx.commit();
        });
        expect(sent).toEqual(['by hand']);
      });

      it('gives what further callers of its transactionProvider call the fate of the transaction they share', async () => {
        const { knex, sent, effects, airlock } = await later();
        await airlock.run(async () => {
          const provider = knex.transactionProvider();
          const ask = async (name: string): Promise<Knex.Transaction> => {
            await Promise.resolve();
            const trx = await provider();
            effects.one(name);
            return trx;
          };
          const trx = await ask('first');
          await ask('second');
          await trx.rollback();
        });
        expect(sent).toEqual([]);
      });
    });

    it('covers copies of an instance, made before or after the start', async () => {
      const before = shop().withUserParams({ made: 'before' });
      const { app } = await boot({ imports: [clients(), AirlockKnexModule.forRoot()] });
      for (const copy of [before, shop().withUserParams({})])
        expect(await outOf(app, copy)).toEqual([]);
    });

    it('tracks what the application takes for transactions, where a test gives it its own, which is always rolled back', async () => {
      const trx = await shop().transaction();
      const providers = [{ provide: 'DB', useValue: trx }];
      const { app, sent } = await boot({
        imports: [AirlockKnexModule.forRoot({ token: 'DB' })],
        providers,
      });
      const effects = app.get(Effects, { strict: false });
      expect(await outOf(app, trx)).toEqual([]);
      await app.get(AirlockService).run(() =>
        trx.transaction(async (inner) => {
          await inner('orders').insert({ item: 'tea' });
          effects.one('mail');
        }),
      );
      expect([sent, await itemsOf(trx)]).toEqual([['mail'], ['tea']]);
      await trx.rollback();
      expect(await itemsOf(shop())).toEqual([]);
    });
  },
);
