import { AirlockService, enqueue, type Executor, runInScope } from 'nestjs-airlock';
import { AirlockPrismaModule, trackPrismaTransactions } from 'nestjs-airlock/prisma';
import { boot, checkAfterEach } from '../e2e/http/fixtures.js';
import { clientOnPostgres, MAJORS, type OrdersClient } from '../integrations/prisma/generated.js';
import { describeWith, freshSchema, postgres } from '../servers.js';
import { send, sent } from '../unit/core/fixtures.js';

type Transaction = (work: unknown, options?: object) => Promise<unknown>;

/** As `prisma-extension-kysely` does: what it hands to a callback has one property more. */
function withExtra(client: OrdersClient): OrdersClient {
  return new Proxy(client.$extends({ name: 'extra', client: { $extra: true } }), {
    get(target, key, receiver) {
      if (key !== '$transaction') return Reflect.get(target, key, receiver) as unknown;
      const { $transaction } = target as unknown as { $transaction: Transaction };
      return (work: unknown, options?: object) =>
        typeof work !== 'function'
          ? $transaction.call(target, work)
          : $transaction.call(
              target,
              (tx: object) => (work as (tx: object) => unknown)(Object.assign(tx, { extra: true })),
              options,
            );
    },
  });
}

checkAfterEach();
beforeEach(() => {
  sent.length = 0;
});

describeWith(
  postgres,
  'when a proxy stands before a Prisma client, with a $transaction of its own',
  () => {
    describe.each(MAJORS)('%s', (_name, major) => {
      let prisma: OrdersClient;
      let drop: () => Promise<void>;
      beforeAll(async () => {
        const schema = await freshSchema();
        drop = () => schema.drop();
        prisma = withExtra(clientOnPostgres(schema.url, major));
      });
      afterAll(async () => {
        await prisma.$disconnect();
        await drop();
      });

      it('gives effects the fate of its transactions, which run as before', async () => {
        trackPrismaTransactions(trackPrismaTransactions(prisma));
        const seen = await runInScope(() =>
          prisma.$transaction(async (tx) => {
            enqueue(send, 'kept');
            await tx.$queryRawUnsafe('select 1');
            return (tx as { extra?: boolean }).extra;
          }),
        );
        await runInScope(() =>
          prisma
            .$transaction(async () => {
              enqueue(send, 'undone');
              throw new Error('no stock');
            })
            .catch(() => {}),
        );
        expect([seen, sent]).toEqual([true, ['kept']]);
      });

      it('is named by its token, and gives a transactional executor nothing to be warned of', async () => {
        const written: string[] = [];
        const executor: Executor = {
          transactional: true,
          execute: ({ name }, { tx }) => void written.push(`${name} ${tx !== undefined}`),
        };
        const { app, log } = await boot(
          {
            imports: [AirlockPrismaModule.forRoot({ token: 'PRISMA' })],
            providers: [{ provide: 'PRISMA', useFactory: () => prisma }],
          },
          { executor },
        );
        await app
          .get(AirlockService)
          .run(() => prisma.$transaction(async () => enqueue(send, 'written')));
        expect(written).toEqual(['send true']);
        expect(log.airlock('warn')).toEqual([]);
      });
    });
  },
);
