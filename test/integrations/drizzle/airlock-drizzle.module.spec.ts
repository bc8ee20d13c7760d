import { Controller, Inject, Module, Param, Post, Scope } from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import type { NodePgDatabase } from 'drizzle-orm/node-postgres';
import { AirlockOptionsError } from 'nestjs-airlock';
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
      'keeps frames in the requests of the application, imported %s their module',
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
