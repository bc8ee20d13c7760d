import {
  Controller,
  type INestApplicationContext,
  Inject,
  Injectable,
  Module,
  Param,
  Post,
  Scope,
} from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import { drizzle, type NodePgDatabase } from 'drizzle-orm/node-postgres';
import { withReplicas } from 'drizzle-orm/pg-core';
import { AirlockOptionsError, AirlockService } from 'nestjs-airlock';
import { AirlockDrizzleModule } from 'nestjs-airlock/drizzle';
import { boot, checkAfterEach, Effects, listen } from '../../e2e/http/fixtures.js';
import { describeWith, postgres } from '../../servers.js';
import { errorOf } from '../../unit/core/fixtures.js';
import { itemsOf, openNodePostgres, orders } from './fixtures.js';

const SHOP = Symbol('SHOP');
const AUDIT = Symbol('AUDIT');

@Controller('orders')
class OrdersController {
  constructor(
    @Inject(SHOP) private readonly shop: NodePgDatabase,
    @Inject(AUDIT) private readonly audit: NodePgDatabase,
    @Inject(Effects) private readonly effects: Effects,
  ) {}

  @Post(':item')
  async place(@Param('item') item: string): Promise<string> {
    this.effects.one('received');
    try {
      await this.shop.transaction(async (tx) => {
        await tx.insert(orders).values({ item });
        this.effects.one('mail');
        await this.audit.transaction(async (log) => {
          await log.insert(orders).values({ item: `tried ${item}` });
          this.effects.one('audit');
        });
        if (item === 'unicorn') throw new Error('no stock');
      });
      return 'placed';
    } catch {
      return 'put on the waiting list';
    }
  }
}

checkAfterEach();

describeWith(postgres, 'AirlockDrizzleModule', () => {
  let shop: Awaited<ReturnType<typeof openNodePostgres>>;
  let audit: Awaited<ReturnType<typeof openNodePostgres>>;

  beforeEach(async () => {
    shop = await openNodePostgres();
    audit = await openNodePostgres();
  });
  afterEach(async () => {
    await shop.close();
    await audit.close();
  });

  const databaseModule = () => {
    @Module({
      providers: [
        { provide: SHOP, useFactory: async () => Promise.resolve(shop.db) },
        { provide: AUDIT, useFactory: () => audit.db },
      ],
      exports: [SHOP, AUDIT],
    })
    class DatabaseModule {}
    return DatabaseModule;
  };

  describe('when databases are named by their tokens', () => {
    it.each(['before', 'after'])(
      'tracks transactions in the requests of the application, imported %s their module',
      async (place) => {
        const kept = [
          AirlockDrizzleModule.forRoot({ token: SHOP, name: 'shop' }),
          AirlockDrizzleModule.forRoot({ token: AUDIT }),
        ];
        const imports = place === 'before' ? [...kept, databaseModule()] : [databaseModule(), ...kept];
        const { request, fate } = await listen(() => new ExpressAdapter(), {
          imports,
          controllers: [OrdersController],
        });

        expect(await request('/orders/tea', { method: 'POST' })).toMatchObject({ status: 201, body: 'placed' });
        expect(await fate()).toEqual({ out: ['received', 'mail', 'audit'], dropped: [] });

        const answer = await request('/orders/unicorn', { method: 'POST' });
        expect(answer).toMatchObject({ status: 201, body: 'put on the waiting list' });
        expect(await fate()).toEqual({ out: ['received', 'mail', 'audit', 'received', 'audit'], dropped: ['mail'] });

        expect(await itemsOf(shop.db)).toEqual(['tea']);
        expect(await itemsOf(audit.db)).toEqual(['tried tea', 'tried unicorn']);
      },
    );
  });

  describe('when no database is named', () => {
    /** Runs transactions that fail. @returns what got out of them */
    const outOf = async (app: INestApplicationContext, db: NodePgDatabase): Promise<readonly string[]> => {
      const effects = app.get(Effects, { strict: false });
      const { sent } = effects.outbox;
      sent.length = 0;
      await app.get(AirlockService).run(() =>
        errorOf(() =>
          db.transaction(async (tx) => {
            await tx.transaction(async () => effects.one('in a savepoint'));
            effects.one('in a transaction');
            tx.rollback();
          }),
        ),
      );
      return [...sent];
    };
    const NO_FRAMES = ['in a savepoint', 'in a transaction'];
    const plain = (db: object) => db as NodePgDatabase;

    it('covers every database there is or will be of the same dialect', async () => {
      const { app, log } = await boot({ imports: [databaseModule(), AirlockDrizzleModule.forRoot()] });
      const tenant = await openNodePostgres();
      const again = drizzle(tenant.db.$client);
      const replicated = withReplicas(again, [drizzle(tenant.db.$client)]);
      for (const db of [shop.db, audit.db, tenant.db, again, replicated, replicated.$primary, replicated.$replicas[0]!])
        expect(await outOf(app, plain(db))).toEqual([]);
      expect(log.airlock('warn')).toEqual([]);
      await tenant.close();
    });

    it('lets out what is called in transactions that commit, once', async () => {
      const { app, sent } = await boot({ imports: [databaseModule(), AirlockDrizzleModule.forRoot()] });
      const tenant = await openNodePostgres();
      const effects = app.get(Effects, { strict: false });
      await app.get(AirlockService).run(async () => {
        for (const db of [shop.db, tenant.db]) {
          const value = await db.transaction(async (tx) => {
            effects.one('mail');
            await tx.insert(orders).values({ item: 'tea' });
            return 'tea';
          });
          expect([value, await itemsOf(db)]).toEqual(['tea', ['tea']]);
        }
      });
      expect(sent).toEqual(['mail', 'mail']);
      await tenant.close();
    });

    it('covers one that a provider holds in a property, or replicates', async () => {
      @Injectable()
      class Reports {
        readonly db = audit.db;
      }
      const providers = [Reports, { provide: SHOP, useValue: withReplicas(shop.db, [shop.db]) }];
      const { app } = await boot({ imports: [AirlockDrizzleModule.forRoot()], providers });
      expect(await outOf(app, plain(audit.db))).toEqual([]);
      expect(await outOf(app, plain(app.get(SHOP)))).toEqual([]);
    });

    it('leaves others alone once the application has ended', async () => {
      const { app } = await boot({ imports: [databaseModule(), AirlockDrizzleModule.forRoot()] });
      await app.close();
      const [none, tenant] = [await boot({}), await openNodePostgres()];
      expect(await outOf(none.app, plain(tenant.db))).toEqual(NO_FRAMES);
      await tenant.close();
    });

    it('refuses to start without any database', async () => {
      const error = await errorOf(() => boot({ imports: [AirlockDrizzleModule.forRoot()] }));
      expect(error).toBeInstanceOf(AirlockOptionsError);
      expect(error.message).toContain('AirlockDrizzleModule found no Drizzle database');
    });

    it('is not so where one is named: others are left alone', async () => {
      const { app } = await boot({ imports: [databaseModule(), AirlockDrizzleModule.forRoot({ token: SHOP })] });
      expect(await outOf(app, plain(shop.db))).toEqual([]);
      expect(await outOf(app, plain(audit.db))).toEqual(NO_FRAMES);
    });
  });

  describe('when a token leads to no database', () => {
    it('refuses to start, and names the token', async () => {
      const error = await errorOf(() => boot({ imports: [AirlockDrizzleModule.forRoot({ token: 'NOWHERE' })] }));
      expect(error).toBeInstanceOf(AirlockOptionsError);
      expect(error.message).toContain('AirlockDrizzleModule found no provider `NOWHERE`');
    });

    it('refuses one that is request-scoped', async () => {
      const providers = [{ provide: SHOP, scope: Scope.REQUEST, useFactory: () => shop.db }];
      const error = await errorOf(() => boot({ imports: [AirlockDrizzleModule.forRoot({ token: SHOP })], providers }));
      expect(error.message).toContain(
        'AirlockDrizzleModule found no provider `Symbol(SHOP)` in the application that is a singleton',
      );
    });

    it('refuses what is something else', async () => {
      const providers = [{ provide: SHOP, useValue: {} }];
      const error = await errorOf(() => boot({ imports: [AirlockDrizzleModule.forRoot({ token: SHOP })], providers }));
      expect(error.message).toContain('Expected `db` to be a Drizzle database');
    });
  });
});
