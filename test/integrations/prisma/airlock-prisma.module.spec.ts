import { Injectable, type Provider, Scope } from '@nestjs/common';
import { AirlockService, type Executor } from 'nestjs-airlock';
import { AirlockPrismaModule, trackPrismaTransactions } from 'nestjs-airlock/prisma';
import { boot, Effects } from '../../e2e/http/fixtures.js';
import { errorOf } from '../../unit/core/fixtures.js';
import { describeFramesModule } from '../frames-module.suite.js';
import { itemsOf, openPrisma } from './fixtures.js';
import { classOfClients, MAJORS, type OrdersClient } from './generated.js';

class Holder {
  constructor(readonly client: OrdersClient) {}
}

const refuse = (): never => {
  throw new Error('not yet');
};

describe.each(MAJORS)('on %s', (_name, major) => {
  const PrismaClient = classOfClients('postgresql', major);
  class AuditClient extends PrismaClient {}

  describeFramesModule<OrdersClient>(
    {
      name: 'AirlockPrismaModule',
      forRoot: (options) => AirlockPrismaModule.forRoot(options),
      notFound: 'Prisma client',
      expected: 'Expected `prisma` to be a Prisma client',
      tokens: () => [PrismaClient, AuditClient],
      forLater: () => ({ classes: [PrismaClient] }),
      open: async () => {
        const { prisma, close } = await openPrisma(major);
        return { client: prisma, close };
      },
      items: itemsOf,
      transaction: (prisma, item, work) =>
        prisma.$transaction(async (tx) => {
          await tx.order.create({ data: { item } });
          await work();
        }),
    },
    ({ shop, open, outOf }) => {
      const SHOP = Symbol('SHOP');

      it('finds a client by its class, under another token', async () => {
        const { prisma, adapter, close } = await openPrisma(major);
        class PrismaService extends PrismaClient {
          constructor() {
            super({ adapter });
          }
        }
        const providers = [{ provide: SHOP, useClass: PrismaService }];
        const { app } = await boot({ imports: [AirlockPrismaModule.forRoot()], providers });
        const found = app.get<OrdersClient>(SHOP);
        expect(await outOf(app, found)).toEqual([]);
        expect(await outOf(app, prisma)).toEqual([]);
        await found.$disconnect();
        await close();
      });

      it('covers clients of a class that is a request-scoped provider', async () => {
        const { adapter, close } = await openPrisma(major);
        @Injectable({ scope: Scope.REQUEST })
        class TenantClient extends PrismaClient {
          constructor() {
            super({ adapter });
          }
        }
        const imports = [AirlockPrismaModule.forRoot()];
        const { app, log } = await boot({ imports, providers: [TenantClient] });
        const client = await app.resolve<OrdersClient>(TenantClient);
        expect(await outOf(app, client)).toEqual([]);
        expect(await outOf(app, client.$extends({ name: 'none' }) as OrdersClient)).toEqual([]);
        expect(log.airlock('warn')).toEqual([]);
        await client.$disconnect();
        await close();
      });

      it('covers clients of classes that are named beside one that is named by its token', async () => {
        const options = { token: SHOP, classes: [PrismaClient] };
        const { app } = await boot({
          imports: [AirlockPrismaModule.forRoot(options)],
          providers: [{ provide: SHOP, useFactory: () => shop() }],
        });
        expect(await outOf(app, await open())).toEqual([]);
        expect(await outOf(app, shop())).toEqual([]);
      });

      it('lets an effect out once where a test spies on a client after the start', async () => {
        const { app, sent } = await boot({
          imports: [AirlockPrismaModule.forRoot()],
          providers: [{ provide: SHOP, useFactory: () => shop() }],
        });
        const spy = jest.spyOn(shop(), '$transaction');
        expect(await outOf(app, shop())).toEqual([]);
        const effects = app.get(Effects, { strict: false });
        await app.get(AirlockService).run(() =>
          shop().$transaction(async (tx) => {
            await tx.order.create({ data: { item: 'tea' } });
            effects.one('mail');
          }),
        );
        expect([sent, await itemsOf(shop())]).toEqual([['mail'], ['tea']]);
        expect(spy).toHaveBeenCalledTimes(2);
      });

      it('refuses a class of something else', async () => {
        const options = { classes: [Date as never] };
        const error = await errorOf(() =>
          boot({ imports: [AirlockPrismaModule.forRoot(options)] }),
        );
        expect(error.message).toContain('Expected `classes` to be an array of classes of Prisma');
      });

      it('is not needed for a client that is tracked where it is made, of which nobody is warned', async () => {
        const executor: Executor = { transactional: true, execute() {} };
        const providers = [{ provide: SHOP, useFactory: () => trackPrismaTransactions(shop()) }];
        const { app, log } = await boot({ providers }, { executor });
        expect(log.airlock('warn')).toEqual([]);
        expect(app.get(AirlockService).explain().adapters).toEqual([{ client: 'SHOP', doors: [] }]);
      });

      it.each<[string, (client: OrdersClient) => Provider]>([
        ['a factory has made', (client) => ({ provide: SHOP, useFactory: () => client })],
        [
          'a factory has extended',
          (client) => ({ provide: SHOP, useFactory: () => client.$extends({ name: 'none' }) }),
        ],
        [
          'a provider holds in a property',
          (client) => ({ provide: SHOP, useValue: new Holder(client.$extends({ name: 'none' })) }),
        ],
      ])('finds a client that %s', async (_what, provider) => {
        const { app } = await boot({
          imports: [AirlockPrismaModule.forRoot()],
          providers: [provider(shop())],
        });
        const found = app.get<OrdersClient | Holder>(SHOP);
        const client = found instanceof Holder ? found.client : found;
        expect(await outOf(app, client)).toEqual([]);
      });

      it.each<[string, ProxyHandler<object>]>([
        ['refuses to be looked at', { has: () => refuse() }],
        ['has whatever it is asked for', { has: () => true }],
      ])('leaves a proxy alone that %s', async (_what, handler) => {
        const written: unknown[] = [];
        const set = (_: object, key: unknown): boolean => (written.push(key), true);
        const proxy = new Proxy({}, { ...handler, get: () => undefined, set });
        const error = await errorOf(() =>
          boot({
            imports: [AirlockPrismaModule.forRoot()],
            providers: [{ provide: SHOP, useValue: new Holder(proxy as OrdersClient) }],
          }),
        );
        expect(error.message).toContain(
          'AirlockPrismaModule found no Prisma client in the application',
        );
        expect(written).toEqual([]);
      });
    },
  );
});
