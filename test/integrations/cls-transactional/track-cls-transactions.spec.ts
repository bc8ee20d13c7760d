import {
  NoOpTransactionalAdapter,
  Propagation,
  type TransactionalAdapter,
} from '@nestjs-cls/transactional';
import { TransactionalAdapterDrizzleOrm } from '@nestjs-cls/transactional-adapter-drizzle-orm';
import { TransactionalAdapterPrisma } from '@nestjs-cls/transactional-adapter-prisma';
import { TransactionalAdapterTypeOrm } from '@nestjs-cls/transactional-adapter-typeorm';
import { drizzle } from 'drizzle-orm/node-postgres';
import {
  AirlockOptionsError,
  enqueue,
  type Executor,
  FrameStateError,
  runInScope,
} from 'nestjs-airlock';
import { trackClsTransactions } from 'nestjs-airlock/cls-transactional';
import { Pool } from 'pg';
import { DataSource } from 'typeorm';
import { frames } from '../../../lib/core/frame/transaction-frame.js';
import { gate } from '../../e2e/http/fixtures.js';
import { describeWith, freshSchema, postgres } from '../../servers.js';
import { checkAfterEach, errorOf, send, sent } from '../../unit/core/fixtures.js';
import { clientOnPostgres, type OrdersClient } from '../prisma/generated.js';
import { bootHosts, type Connection, hostOf, PgAdapter } from './fixtures.js';

checkAfterEach();

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function hosted<A extends Connection['adapter']>(adapter: A, name?: string) {
  const connection = { name, adapter };
  const app = await bootHosts(connection);
  closing.unshift(() => app.close());
  return hostOf<A>(app, connection);
}

describe('when an adapter is given twice', () => {
  it('stays as it is, and is what is returned', () => {
    const adapter = new TransactionalAdapterTypeOrm({ dataSourceToken: DataSource });
    const kept = trackClsTransactions(adapter);
    const { optionsFactory } = kept;
    expect(kept).toBe(adapter);
    expect(trackClsTransactions(kept).optionsFactory).toBe(optionsFactory);
  });
});

describe('when it is given what is no adapter', () => {
  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['an object', {}],
    ['a data source', new DataSource({ type: 'postgres' })],
  ])('refuses %s', (_name, thing) => {
    expect(() => trackClsTransactions(thing as never)).toThrow(AirlockOptionsError);
    expect(() => trackClsTransactions(thing as never)).toThrow(
      'Expected `adapter` to be an adapter of @nestjs-cls/transactional',
    );
  });
});

describe('when an adapter has no savepoints', () => {
  class Plain implements TransactionalAdapter<object, { id: number }, object> {
    readonly connection = {};
    optionsFactory = () => ({
      wrapWithTransaction: async (
        _options: object,
        work: () => Promise<unknown>,
        setTx: (tx?: { id: number }) => void,
      ) => {
        setTx({ id: Math.random() });
        return work();
      },
      getFallbackInstance: () => ({ id: 0 }),
    });
  }

  it('refuses NESTED in a transaction, and lets nothing of it out', async () => {
    const host = await hosted(trackClsTransactions(new Plain()), 'plain');
    await runInScope(() =>
      host.withTransaction(async () => {
        enqueue(send, 'outer');
        const error = await errorOf(() =>
          host.withTransaction(Propagation.Nested, async () => enqueue(send, 'nested')),
        );
        expect(error).toBeInstanceOf(FrameStateError);
        expect(error).toMatchObject({ code: 'AIRLOCK_FRAME_STATE', frame: 'plain' });
        expect(error.message).toContain('Frame "plain" has no savepoints');
      }),
    );
    expect(sent).toEqual(['outer']);
  });

  it('begins a transaction for NESTED where there is none', async () => {
    const host = await hosted(trackClsTransactions(new Plain()));
    await runInScope(() =>
      host.withTransaction(Propagation.Nested, async () => enqueue(send, 'nested')),
    );
    expect(sent).toEqual(['nested']);
  });
});

describe('when a transaction is left open at the end of its scope', () => {
  it.each<[string, string | undefined, string]>([
    ['its own', 'orders database', 'orders database'],
    ['the name of its connection', undefined, 'audit'],
  ])('is reported by %s', async (_from, name, expected) => {
    const adapter = trackClsTransactions(
      new NoOpTransactionalAdapter({ tx: {} }),
      name === undefined ? {} : { name },
    );
    const host = await hosted(adapter, 'audit');
    await host.withTransaction(async () => expect(frames.getStore()?.name).toBe(expected));
  });
});

describe('when there is nothing but the adapter for tests', () => {
  it('takes what a method throws for a rollback', async () => {
    const host = await hosted(trackClsTransactions(new NoOpTransactionalAdapter({ tx: {} })));
    await runInScope(async () => {
      await host.withTransaction(async () => enqueue(send, 'kept'));
      await errorOf(() =>
        host.withTransaction(async () => {
          enqueue(send, 'lost');
          throw new Error('refused');
        }),
      );
    });
    expect(sent).toEqual(['kept']);
  });
});

describeWith(postgres, 'when savepoints of one TypeORM connection run in parallel', () => {
  it('says so, so that a rollback of the one cannot take a part of the other along', async () => {
    const dataSource = await new DataSource({ type: 'postgres', url: postgres.url }).initialize();
    closing.push(() => dataSource.destroy());
    const adapter = trackClsTransactions(
      new TransactionalAdapterTypeOrm({ dataSourceToken: undefined }),
    );
    const host = await hosted(Object.assign(adapter, { connection: dataSource }));
    const nested = (work: () => Promise<void>): Promise<void> =>
      host.withTransaction(Propagation.Nested, work);
    const [begun, inBetween] = [gate(), gate()];
    let refusal: Error | undefined;
    await runInScope(async () => {
      await errorOf(() =>
        host.withTransaction(async () => {
          const first = nested(async () => {
            await host.tx.query('select 1');
            begun.open();
            await inBetween.passed;
            enqueue(send, 'in between');
          });
          await begun.passed;
          refusal = await errorOf(() =>
            nested(async () => {
              inBetween.open();
              await first;
              throw new Error('refused');
            }),
          );
          inBetween.open();
          await first;
        }),
      );
    });
    expect(refusal).toBeInstanceOf(FrameStateError);
    expect(refusal?.message).toContain('cannot take a savepoint');
    expect(sent).toEqual([]);
  });
});

describeWith(
  postgres,
  'when the client of a test is a Drizzle transaction that will be rolled back',
  () => {
    it('takes the savepoints in it for transactions of their own', async () => {
      const pool = new Pool({ connectionString: postgres.url });
      closing.push(() => pool.end());
      await errorOf(() =>
        drizzle(pool).transaction(async (tx) => {
          const adapter = trackClsTransactions(
            new TransactionalAdapterDrizzleOrm({ drizzleInstanceToken: undefined }),
          );
          const host = await hosted(Object.assign(adapter, { connection: tx }));
          await host.withTransaction(() => runInScope(async () => enqueue(send, 'kept')));
          await errorOf(() =>
            host.withTransaction(async () => {
              await runInScope(() => enqueue(send, 'lost'));
              throw new Error('refused');
            }),
          );
          tx.rollback();
        }),
      );
      expect(sent).toEqual(['kept']);
    });
  },
);

describeWith(postgres, 'when an executor writes in the transaction', () => {
  const writer: Executor = {
    transactional: true,
    execute: async ({ args }) => {
      await frames
        .getStore()!
        .connection!.executeSql('insert into step values ($1)', args as unknown[]);
      sent.push(String(args[0]));
    },
  };
  const write = (_id: string): void => {};

  const clients: Record<string, (url: string) => Promise<Connection['adapter']>> = {
    'TypeORM’s own': async (url) => {
      const dataSource = await new DataSource({ type: 'postgres', url }).initialize();
      closing.push(() => dataSource.destroy());
      return Object.assign(
        trackClsTransactions(new TransactionalAdapterTypeOrm({ dataSourceToken: undefined })),
        {
          connection: dataSource,
        },
      );
    },
    'the one that is named for another client': async (connectionString) => {
      const pool = new Pool({ connectionString });
      closing.push(() => pool.end());
      const connection = (tx: Pool | { query: Pool['query'] }) => ({
        executeSql: async (text: string, values?: unknown[]) => tx.query(text, values),
      });
      return Promise.resolve(trackClsTransactions(new PgAdapter(pool), { connection }));
    },
  };

  it.each(Object.entries(clients))(
    'stores its rows with the transaction through %s',
    async (_name, connect) => {
      const schema = await freshSchema();
      closing.push(() => schema.drop());
      const look = new Pool({ connectionString: schema.url });
      closing.unshift(() => look.end());
      await look.query('create table step (id text primary key)');
      const host = await hosted(await connect(schema.url));
      await runInScope({ executor: writer }, async () => {
        await host.withTransaction(async () => enqueue(write, 'kept'));
        await errorOf(() =>
          host.withTransaction(async () => {
            enqueue(write, 'lost');
            throw new Error('refused');
          }),
        );
        // A failing write is a rollback.
        await errorOf(() =>
          host.withTransaction(async () => (enqueue(write, 'lost too'), enqueue(write, 'kept'))),
        );
      });
      expect((await look.query('select id from step')).rows).toEqual([{ id: 'kept' }]);
    },
  );

  it.each(Object.entries(clients))(
    'finds what the host has as its `tx`, of %s',
    async (_name, connect) => {
      const schema = await freshSchema();
      closing.push(() => schema.drop());
      const host = await hosted(await connect(schema.url));
      const seen: unknown[] = [];
      const executor: Executor = {
        transactional: true,
        execute: (_, { tx }) => void seen.push(tx),
      };
      await runInScope({ executor }, () =>
        host.withTransaction(async () => {
          seen.push(host.tx);
          enqueue(write, 'kept');
        }),
      );
      expect(seen[0]).toBeDefined();
      expect(seen[1]).toBe(seen[0]);
    },
  );
});

describeWith(postgres, 'the adapter for Prisma', () => {
  describe('when it is not told the database', () => {
    let prisma: OrdersClient;
    beforeAll(() => {
      prisma = clientOnPostgres(postgres.url);
    }, 60_000);
    afterAll(() => prisma.$disconnect());

    it('refuses savepoints, and says which option is missing', async () => {
      const adapter = new TransactionalAdapterPrisma({
        prismaInjectionToken: undefined,
        defaultTxOptions: { timeout: 30_000, maxWait: 30_000 },
      });
      const host = await hosted(
        trackClsTransactions(Object.assign(adapter, { connection: prisma })),
      );
      await runInScope(async () => {
        const error = await errorOf(() =>
          host.withTransaction(async () => {
            enqueue(send, 'tea');
            await host.withTransaction(Propagation.Nested, async () => enqueue(send, 'cups'));
          }),
        );
        expect(error).toBeInstanceOf(FrameStateError);
        expect(error.message).toContain('Give the adapter its `sqlFlavor`');
      });
      expect(sent).toEqual([]);
    }, 60_000);
  });
});
