import { AirlockService, type Executor } from 'nestjs-airlock';
import { AirlockPrismaModule, trackPrismaTransactions } from 'nestjs-airlock/prisma';
import { boot } from '../../e2e/http/fixtures.js';
import { errorOf } from '../../unit/core/fixtures.js';
import { describeFramesModule } from '../frames-module.suite.js';
import { itemsOf, openPrisma } from './fixtures.js';
import { classOfClients, MAJORS, type OrdersClient } from './generated.js';

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
      coversOthers: false,
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
    ({ shop, outOf }) => {
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
        expect(await outOf(app, prisma)).toEqual(['inside']);
        await found.$disconnect();
        await close();
      });

      it('is not needed for a client that is tracked where it is made, of which nobody is warned', async () => {
        const executor: Executor = { transactional: true, execute() {} };
        const providers = [{ provide: SHOP, useFactory: () => trackPrismaTransactions(shop()) }];
        const { app, log } = await boot({ providers }, { executor });
        expect(log.airlock('warn')).toEqual([]);
        expect(app.get(AirlockService).explain().adapters).toEqual([{ client: 'SHOP', doors: [] }]);
      });

      it('does not look into a proxy to see whether it is a client', async () => {
        const providers = [{ provide: SHOP, useFactory: shop }];
        const error = await errorOf(() =>
          boot({ imports: [AirlockPrismaModule.forRoot()], providers }),
        );
        expect(error.message).toContain(
          'AirlockPrismaModule found no Prisma client in the application',
        );
        const { app } = await boot({
          imports: [AirlockPrismaModule.forRoot({ token: SHOP })],
          providers,
        });
        expect(await outOf(app, shop())).toEqual([]);
      });
    },
  );
});
