import { Controller, Inject, Module, Param, Post, Scope } from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import type { Knex } from 'knex';
import { AirlockOptionsError } from 'nestjs-airlock';
import { AirlockKnexModule } from 'nestjs-airlock/knex';
import { boot, checkAfterEach, Effects, listen } from '../../e2e/http/fixtures.js';
import { describeWith, postgres } from '../../servers.js';
import { errorOf } from '../../unit/core/fixtures.js';
import { itemsOf, openKnex } from './fixtures.js';

const SHOP = Symbol('SHOP');
const AUDIT = Symbol('AUDIT');

@Controller('orders')
class OrdersController {
  constructor(
    @Inject(SHOP) private readonly shop: Knex,
    @Inject(AUDIT) private readonly audit: Knex,
    @Inject(Effects) private readonly effects: Effects,
  ) {}

  @Post(':item')
  async place(@Param('item') item: string): Promise<string> {
    this.effects.one('received');
    try {
      await this.shop.transaction(async (tx) => {
        await tx('orders').insert({ item });
        this.effects.one('mail');
        await this.audit.transaction(async (log) => {
          await log('orders').insert({ item: `tried ${item}` });
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

describeWith(postgres, 'AirlockKnexModule', () => {
  let shop: Awaited<ReturnType<typeof openKnex>>;
  let audit: Awaited<ReturnType<typeof openKnex>>;

  beforeEach(async () => {
    shop = await openKnex();
    audit = await openKnex();
  });
  afterEach(async () => {
    await shop.close();
    await audit.close();
  });

  const clientModule = () => {
    @Module({
      providers: [
        { provide: SHOP, useFactory: async () => Promise.resolve(shop.knex) },
        { provide: AUDIT, useFactory: () => audit.knex },
      ],
      exports: [SHOP, AUDIT],
    })
    class ClientModule {}
    return ClientModule;
  };

  describe('when instances are named by their tokens', () => {
    it.each(['before', 'after'])(
      'keeps frames in the requests of the application, imported %s their module',
      async (place) => {
        const kept = [
          AirlockKnexModule.forRoot({ token: SHOP, name: 'shop' }),
          AirlockKnexModule.forRoot({ token: AUDIT }),
        ];
        const imports = place === 'before' ? [...kept, clientModule()] : [clientModule(), ...kept];
        const { request, fate } = await listen(() => new ExpressAdapter(), {
          imports,
          controllers: [OrdersController],
        });

        expect(await request('/orders/tea', { method: 'POST' })).toMatchObject({ status: 201, body: 'placed' });
        expect(await fate()).toEqual({ out: ['received', 'mail', 'audit'], dropped: [] });

        const answer = await request('/orders/unicorn', { method: 'POST' });
        expect(answer).toMatchObject({ status: 201, body: 'put on the waiting list' });
        expect(await fate()).toEqual({ out: ['received', 'mail', 'audit', 'received', 'audit'], dropped: ['mail'] });

        expect(await itemsOf(shop.knex)).toEqual(['tea']);
        expect(await itemsOf(audit.knex)).toEqual(['tried tea', 'tried unicorn']);
      },
    );
  });

  describe('when a test gives the application its own transaction, which is always rolled back', () => {
    it('keeps frames in what the application takes for transactions', async () => {
      const trx = await shop.knex.transaction();
      const { request, fate } = await listen(() => new ExpressAdapter(), {
        imports: [AirlockKnexModule.forRoot({ token: SHOP }), AirlockKnexModule.forRoot({ token: AUDIT })],
        providers: [
          { provide: SHOP, useValue: trx },
          { provide: AUDIT, useValue: audit.knex },
        ],
        controllers: [OrdersController],
      });
      await request('/orders/tea', { method: 'POST' });
      await request('/orders/unicorn', { method: 'POST' });
      expect(await fate()).toEqual({ out: ['received', 'mail', 'audit', 'received', 'audit'], dropped: ['mail'] });
      expect(await itemsOf(trx)).toEqual(['tea']);
      await trx.rollback();
      expect(await itemsOf(shop.knex)).toEqual([]);
    });
  });

  describe('when a token leads to no instance', () => {
    it('refuses to start, and names the token', async () => {
      const error = await errorOf(() => boot({ imports: [AirlockKnexModule.forRoot({ token: 'NOWHERE' })] }));
      expect(error).toBeInstanceOf(AirlockOptionsError);
      expect(error.message).toContain('AirlockKnexModule found no provider `NOWHERE`');
    });

    it('refuses one that is request-scoped', async () => {
      const providers = [{ provide: SHOP, scope: Scope.REQUEST, useFactory: () => shop.knex }];
      const error = await errorOf(() => boot({ imports: [AirlockKnexModule.forRoot({ token: SHOP })], providers }));
      expect(error.message).toContain(
        'AirlockKnexModule found no provider `Symbol(SHOP)` in the application that is a singleton',
      );
    });

    it('refuses what is something else', async () => {
      const providers = [{ provide: SHOP, useValue: {} }];
      const error = await errorOf(() => boot({ imports: [AirlockKnexModule.forRoot({ token: SHOP })], providers }));
      expect(error.message).toContain('Expected `knex` to be a Knex instance');
    });
  });
});
