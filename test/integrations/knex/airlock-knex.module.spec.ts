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
import type { Knex } from 'knex';
import { AirlockOptionsError, AirlockService } from 'nestjs-airlock';
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
      'tracks transactions in the requests of the application, imported %s their module',
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

  describe('when no instance is named', () => {
    /** Runs a transaction that fails, in each style. @returns what got out of it */
    const outOf = async (app: INestApplicationContext, knex: Knex): Promise<readonly string[]> => {
      const effects = app.get(Effects, { strict: false });
      const { sent } = effects.outbox;
      sent.length = 0;
      await app.get(AirlockService).run(async () => {
        await errorOf(() =>
          knex.transaction(async (trx) => {
            await trx.transaction(async () => effects.one('in a savepoint'));
            effects.one('with a handler');
            throw new Error('no stock');
          }),
        );
        const trx = await knex.transaction();
        effects.one('by hand');
        await trx.rollback();
      });
      return [...sent];
    };
    const NO_FRAMES = ['in a savepoint', 'with a handler', 'by hand'];

    @Injectable()
    class Reports {
      readonly knex = audit.knex;
    }

    it('covers every instance there is or will be of the same database', async () => {
      const copy = shop.knex.withUserParams({ made: 'before' });
      const { app, log } = await boot({ imports: [clientModule(), AirlockKnexModule.forRoot()] });
      const tenant = await openKnex();
      for (const knex of [shop.knex, audit.knex, copy, tenant.knex, tenant.knex.withUserParams({})])
        expect(await outOf(app, knex)).toEqual([]);
      expect(log.airlock('warn')).toEqual([]);
      await tenant.close();
    });

    it('lets out what is called in transactions that commit, once', async () => {
      const { app, sent } = await boot({ imports: [clientModule(), AirlockKnexModule.forRoot()] });
      const tenant = await openKnex();
      const effects = app.get(Effects, { strict: false });
      await app.get(AirlockService).run(async () => {
        for (const knex of [shop.knex, tenant.knex]) {
          const value = await knex.transaction(async (trx) => {
            effects.one('with a handler');
            await trx('orders').insert({ item: 'tea' });
            return 'tea';
          });
          expect([value, await itemsOf(knex)]).toEqual(['tea', ['tea']]);
          const trx = await knex.transaction({ readOnly: true });
          effects.one('by hand');
          await trx.commit();
        }
      });
      expect(sent).toEqual(['with a handler', 'by hand', 'with a handler', 'by hand']);
      await tenant.close();
    });

    it('does not put further callers of a later instance’s transactionProvider into its transaction', async () => {
      const { app, sent } = await boot({ imports: [clientModule(), AirlockKnexModule.forRoot()] });
      const tenant = await openKnex();
      const effects = app.get(Effects, { strict: false });
      await app.get(AirlockService).run(async () => {
        const provider = tenant.knex.transactionProvider();
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
      expect(sent).toEqual(['second']);
      await tenant.close();
    });

    it('covers one that a provider holds in a property', async () => {
      const { app } = await boot({ imports: [AirlockKnexModule.forRoot()], providers: [Reports] });
      expect(await outOf(app, audit.knex)).toEqual([]);
    });

    it('leaves others alone once the application has ended', async () => {
      const { app } = await boot({ imports: [clientModule(), AirlockKnexModule.forRoot()] });
      await app.close();
      const [none, tenant] = [await boot({}), await openKnex()];
      expect(await outOf(none.app, tenant.knex)).toEqual(NO_FRAMES);
      await tenant.close();
    });

    it('refuses to start without any instance', async () => {
      const error = await errorOf(() => boot({ imports: [AirlockKnexModule.forRoot()] }));
      expect(error).toBeInstanceOf(AirlockOptionsError);
      expect(error.message).toContain('AirlockKnexModule found no Knex instance');
    });

    it('is not so where one is named: others are left alone', async () => {
      const { app } = await boot({ imports: [clientModule(), AirlockKnexModule.forRoot({ token: SHOP })] });
      expect(await outOf(app, shop.knex)).toEqual([]);
      expect(await outOf(app, audit.knex)).toEqual(NO_FRAMES);
    });
  });

  describe('when a test gives the application its own transaction, which is always rolled back', () => {
    it('tracks transactions in what the application takes for transactions', async () => {
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
