import { AirlockOptionsError, enqueue, type Executor, runInScope } from 'nestjs-airlock';
import { keepPrismaFrames } from 'nestjs-airlock/prisma';
import { airlockMatchers, captureEffects } from 'nestjs-airlock/testing';
import { describeWith, postgres } from '../../servers.js';
import { checkAfterEach, errorOf, send, sent, texts } from '../../unit/core/fixtures.js';
import { itemsOf, openPrisma } from './fixtures.js';
import type { OrdersClient } from './generated.js';

expect.extend(airlockMatchers);
checkAfterEach();

/** Tells of each order that is made, as an audit log would. */
const audited = {
  query: {
    order: {
      async create({ args, query }: { args: { data: { item: string } }; query: (args: unknown) => Promise<unknown> }) {
        enqueue(send, `ordering ${args.data.item}`);
        const order = await query(args);
        enqueue(send, `ordered ${args.data.item}`);
        return order;
      },
    },
  },
};

describeWith(postgres, 'keepPrismaFrames', () => {
  let opened: Awaited<ReturnType<typeof openPrisma>>;
  let prisma: OrdersClient;

  beforeAll(async () => {
    opened = await openPrisma();
    prisma = keepPrismaFrames(opened.prisma);
  });
  beforeEach(async () => {
    await prisma.$executeRawUnsafe('delete from orders');
  });
  afterAll(() => opened.close());

  const order = (item: string, client = prisma) => client.order.create({ data: { item } });

  describe('when a client is given twice', () => {
    it('keeps one frame for each of its transactions', () => {
      const kept: unknown = Reflect.get(prisma, '$transaction');
      expect(keepPrismaFrames(prisma)).toBe(prisma);
      expect(Reflect.get(prisma, '$transaction')).toBe(kept);
      const derived = prisma.$extends({});
      const its: unknown = Reflect.get(derived, '$transaction');
      expect(Reflect.get(keepPrismaFrames(derived), '$transaction')).toBe(its);
    });
  });

  describe('when a transaction has options', () => {
    it('hands them on, and what the callback returns', async () => {
      const level = await prisma.$transaction(
        async (tx) => {
          const [row] = await tx.$queryRawUnsafe<{ level: string }[]>(
            `select current_setting('transaction_isolation') as level`,
          );
          return row!.level;
        },
        { isolationLevel: 'Serializable' },
      );
      expect(level).toBe('serializable');
    });
  });

  describe('when an array of queries is a transaction', () => {
    it('lets out what query extensions call in it after its COMMIT', async () => {
      const extended = prisma.$extends(audited);
      await runInScope(async () => {
        const orders = await extended.$transaction([order('tea', extended), order('cups', extended)]);
        expect(orders).toMatchObject([{ item: 'tea' }, { item: 'cups' }]);
        expect(sent).toEqual([]);
      });
      expect([...sent].sort()).toEqual(['ordered cups', 'ordered tea', 'ordering cups', 'ordering tea']);
      expect(await itemsOf(prisma)).toEqual(['cups', 'tea']);
    });

    it('drops it where one of them fails', async () => {
      const extended = prisma.$extends(audited);
      const captured = await captureEffects(async () => {
        await errorOf(() => extended.$transaction([order('tea', extended), order('tea', extended)]));
        enqueue(send, 'an apology');
      });
      expect(captured).toHaveDropped(send, { args: ['ordering tea'], reason: 'rollback' });
      expect(texts(captured.dispatched)).toEqual(['an apology']);
      expect(await itemsOf(prisma)).toEqual([]);
    });

    it('has a transactional executor write after it, on its own: there is no moment before', async () => {
      const written: unknown[] = [];
      const executor: Executor = { transactional: true, execute: (intent) => void written.push(intent.args[0]) };
      const extended = prisma.$extends(audited);
      await runInScope({ executor }, () => extended.$transaction([order('tea', extended)]));
      expect(written).toEqual(['ordering tea', 'ordered tea']);
    });
  });

  describe('when a transactional executor writes', () => {
    it('is given the transaction as Prisma knows it', async () => {
      const executor: Executor = {
        transactional: true,
        execute: (intent, { tx }) => order(`written for ${String(intent.args[0])}`, tx as OrdersClient),
      };
      await runInScope({ executor }, async () => {
        await prisma.$transaction(async () => enqueue(send, 'tea'));
        await errorOf(() =>
          prisma.$transaction(async () => {
            enqueue(send, 'cups');
            throw new Error('no stock');
          }),
        );
      });
      expect(await itemsOf(prisma)).toEqual(['written for tea']);
    });
  });

  describe('when query extensions call effects in a transaction with a callback', () => {
    it('makes them share its fate', async () => {
      const extended = prisma.$extends(audited);
      await runInScope(async () => {
        await errorOf(() =>
          extended.$transaction(async (tx) => {
            await order('tea', tx);
            throw new Error('no stock');
          }),
        );
        await extended.$transaction((tx) => order('cups', tx));
      });
      expect(sent).toEqual(['ordering cups', 'ordered cups']);
    });
  });

  describe('when a transaction takes longer than it may', () => {
    it('drops its effects', async () => {
      await runInScope(async () => {
        const error = await errorOf(() =>
          prisma.$transaction(
            async (tx) => {
              await order('tea', tx);
              enqueue(send, 'tea');
              await new Promise((resolve) => setTimeout(resolve, 300));
            },
            { timeout: 100 },
          ),
        );
        expect(error).toMatchObject({ code: 'P2028' });
      });
      expect(sent).toEqual([]);
      expect(await itemsOf(prisma)).toEqual([]);
    });
  });

  describe('when the error of a failed statement is swallowed', () => {
    it('resolves, as Prisma does, and drops what is undone', async () => {
      await runInScope(async () => {
        await prisma.$transaction(async (tx) => {
          await order('tea', tx);
          enqueue(send, 'tea');
          await errorOf(() => order('tea', tx));
        });
      });
      expect(await itemsOf(prisma)).toEqual([]);
      expect(sent).toEqual([]);
    });
  });

  describe('when a transaction calls no effect', () => {
    it('sends no statement of its own', async () => {
      const backends = async (tx: OrdersClient) =>
        (await tx.$queryRawUnsafe<{ pid: number }[]>('select pg_backend_pid() as pid'))[0]!.pid;
      const last = (pid: number) =>
        prisma.$queryRawUnsafe<{ query: string }[]>(`select query from pg_stat_activity where pid = ${pid}`);
      const other = await openPrisma();
      try {
        const pid = await keepPrismaFrames(other.prisma).$transaction(backends);
        expect(await last(pid)).toEqual([{ query: 'COMMIT' }]);
      } finally {
        await other.close();
      }
    });
  });

  describe('when what is given is no client', () => {
    it.each([[undefined], [null], [{}], [{ $transaction: 1 }]])('refuses %p', (given) => {
      expect(() => keepPrismaFrames(given as never)).toThrow(AirlockOptionsError);
    });
  });
});
