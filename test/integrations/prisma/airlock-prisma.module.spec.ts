import {
  Controller,
  Inject,
  Injectable,
  type InjectionToken,
  Module,
  Param,
  Post,
  type Provider,
} from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import { AirlockOptionsError, AirlockService } from 'nestjs-airlock';
import { AirlockPrismaModule } from 'nestjs-airlock/prisma';
import { boot, checkAfterEach, Effects, listen } from '../../e2e/http/fixtures.js';
import { describeWith, postgres } from '../../servers.js';
import { errorOf } from '../../unit/core/fixtures.js';
import { itemsOf, openPrisma } from './fixtures.js';
import { classOfClients, MAJORS, type OrdersClient } from './generated.js';

const PRISMA = Symbol('PRISMA');

@Controller('orders')
class OrdersController {
  constructor(
    @Inject(PRISMA) private readonly prisma: OrdersClient,
    @Inject(Effects) private readonly effects: Effects,
  ) {}

  @Post(':item')
  async place(@Param('item') item: string): Promise<string> {
    this.effects.one('received');
    try {
      await this.prisma.$transaction(async (tx) => {
        await tx.order.create({ data: { item } });
        this.effects.one('mail');
        if (item === 'unicorn') throw new Error('no stock');
      });
      return 'placed';
    } catch {
      return 'put on the waiting list';
    }
  }
}

checkAfterEach();

describeWith(postgres, 'AirlockPrismaModule', () => {
  describe.each(MAJORS)('on %s', (_name, major) => {
    let opened: Awaited<ReturnType<typeof openPrisma>>;
    beforeEach(async () => {
      opened = await openPrisma(major);
    });
    afterEach(() => opened.close());

    const clientModule = () => {
      @Module({
        providers: [{ provide: PRISMA, useFactory: async () => Promise.resolve(opened.prisma) }],
        exports: [PRISMA],
      })
      class ClientModule {}
      return ClientModule;
    };

    describe('when a client is named by its token', () => {
      it.each(['before', 'after'])(
        'tracks transactions in the requests of the application, imported %s its module',
        async (place) => {
          const kept = AirlockPrismaModule.forRoot({ token: PRISMA, name: 'shop' });
          const imports = place === 'before' ? [kept, clientModule()] : [clientModule(), kept];
          const { request, fate } = await listen(() => new ExpressAdapter(), {
            imports,
            controllers: [OrdersController],
          });

          expect(await request('/orders/tea', { method: 'POST' })).toMatchObject({ status: 201, body: 'placed' });
          expect(await fate()).toEqual({ out: ['received', 'mail'], dropped: [] });

          const answer = await request('/orders/unicorn', { method: 'POST' });
          expect(answer).toMatchObject({ status: 201, body: 'put on the waiting list' });
          expect(await fate()).toEqual({ out: ['received', 'mail', 'received'], dropped: ['mail'] });
          expect(await itemsOf(opened.prisma)).toEqual(['tea']);
        },
      );
    });

    describe('when no client is named', () => {
      const PrismaClient = classOfClients('postgresql', major);

      @Injectable()
      class PrismaService extends PrismaClient {
        constructor() {
          super({ adapter: opened.adapter });
        }
      }
      @Injectable()
      class Reports extends PrismaClient {
        constructor() {
          super({ adapter: opened.adapter });
        }
      }

      it.each<[string, Provider, InjectionToken]>([
        ['by the class that is its token', { provide: PrismaClient, useFactory: () => opened.prisma }, PrismaClient],
        ['by a class derived from that of Prisma', PrismaService, PrismaService],
        ['by its class, under another token', { provide: PRISMA, useClass: Reports }, PRISMA],
      ])('finds it %s', async (_how, provider, token) => {
        const { app, sent } = await boot({ imports: [AirlockPrismaModule.forRoot()], providers: [provider] });
        const prisma = app.get<OrdersClient>(token);
        const effects = app.get(Effects, { strict: false });
        await app.get(AirlockService).run(() =>
          errorOf(() =>
            prisma.$transaction(async () => {
              effects.one('mail');
              throw new Error('no stock');
            }),
          ),
        );
        expect(sent).toEqual([]);
        await prisma.$disconnect();
      });

      it.each<[string, readonly Provider[]]>([
        ['where there is none', []],
        ['where nothing says that it is one', [{ provide: PRISMA, useFactory: () => opened.prisma }]],
      ])('refuses to start %s', async (_name, providers) => {
        const error = await errorOf(() =>
          boot({ imports: [AirlockPrismaModule.forRoot()], providers: [...providers] }),
        );
        expect(error.message).toContain('AirlockPrismaModule found no Prisma client in the application');
      });
    });

    describe('when the token leads to no client', () => {
      it.each([
        ['an unknown one', Symbol('NOWHERE')],
        ['another provider', Effects],
      ])('refuses the boot: %s', async (_what, token) => {
        const error = await errorOf(() => boot({ imports: [AirlockPrismaModule.forRoot({ token })] }));
        expect(error).toBeInstanceOf(AirlockOptionsError);
      });
    });
  });
});
