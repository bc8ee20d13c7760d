import { AsyncLocalStorage } from 'node:async_hooks';
import { enqueue, enqueueWith } from 'nestjs-airlock';
import type { ContractTransaction, TransactionContractClient } from 'nestjs-airlock/testing';
import type { EntityManager } from 'typeorm';
import { AirlockRuntime } from '../../lib/core/runtime.js';
import { connectNodePostgres } from '../integrations/drizzle/contract.client.js';
import { type Begin as KnexBegin, connectKnex } from '../integrations/knex/contract.client.js';
import { connectKysely, controlled } from '../integrations/kysely/contract.client.js';
import {
  type Begin as MikroOrmBegin,
  byStatements,
  connectMikroOrm,
} from '../integrations/mikro-orm/contract.client.js';
import {
  type Begin as SequelizeBegin,
  connectSequelize,
  unmanaged,
} from '../integrations/sequelize/contract.client.js';
import { connected } from '../integrations/typeorm/fixtures.js';
import { describeWith, postgres } from '../servers.js';
import { checkAfterEach, send, sent } from '../unit/core/fixtures.js';
import { gate } from '../unit/testing/fixtures.js';

// `Promise.all([audit(tx), tx.transaction(…)])`: statements of one connection have one order, so that a
// savepoint holds all that is sent while it is open, whoever sends it.

async function connectTypeOrm(): Promise<TransactionContractClient> {
  const { dataSource, close } = await connected();
  const contractOf = (manager: EntityManager): ContractTransaction => ({
    query: (sql) => manager.query(sql),
    savepoint: (fn) => manager.transaction((inner) => fn(contractOf(inner))),
  });
  return {
    transaction: (fn) => dataSource.transaction((manager) => fn(contractOf(manager))),
    query: (sql) => dataSource.query(sql),
    close,
  };
}

// Transactions that a helper begins and ends, with savepoints that have callbacks.

const byHand: KnexBegin = async (knex, fn) => {
  if (knex.isTransaction === true) return knex.transaction(fn);
  const trx = await helped(() => knex.transaction());
  const value = await fn(trx);
  await helped(() => trx.commit());
  return value;
};

const managedIn: SequelizeBegin = async (sequelize, options, fn) => {
  if (options.transaction !== undefined) return sequelize.transaction(options, fn);
  const transaction = await helped(() => sequelize.transaction());
  const value = await fn(transaction);
  await helped(() => transaction.commit());
  return value;
};

const callbackIn: MikroOrmBegin = async (em, _isolation, fn) => {
  if (em.isInTransaction()) return em.transactional(fn);
  await helped(() => em.begin());
  const value = await fn(em);
  await helped(() => em.commit());
  return value;
};

async function helped<T>(fn: () => PromiseLike<T>): Promise<T> {
  await Promise.resolve();
  return await fn();
}

checkAfterEach();

describeWith(postgres, 'when an effect is called in a transaction beside a savepoint of it', () => {
  describe.each<[string, () => Promise<TransactionContractClient>]>([
    ['Drizzle', connectNodePostgres],
    ['Knex', () => connectKnex()],
    ['Kysely, begun by a statement', () => connectKysely(controlled)],
    ['MikroORM', () => connectMikroOrm()],
    ['MikroORM, begun by a statement', () => connectMikroOrm(byStatements)],
    ['Sequelize', () => connectSequelize()],
    ['Sequelize, begun by a statement', () => connectSequelize(unmanaged)],
    ['TypeORM', connectTypeOrm],
  ])('with %s', (name, connect) => {
    let client: TransactionContractClient;

    beforeAll(async () => {
      client = await connect();
      await client.query('create table items (name text)');
    });
    beforeEach(() => client.query('delete from items'));
    afterAll(() => client.close());

    const warn = jest.fn();
    beforeEach(() => warn.mockClear());
    const inScope = (work: () => Promise<unknown>): Promise<unknown> =>
      new AirlockRuntime({ warn }).run({}, work);

    const step = async (tx: ContractTransaction, item: string): Promise<void> => {
      await tx.query(`insert into items values ('${item}')`);
      enqueueWith({ name: item }, send, item);
    };
    const stored = async (): Promise<readonly unknown[]> =>
      (await client.query('select name from items order by name')).map((row) => row.name);

    /** @param end of the savepoint, once the effect beside it was called */
    const beside = async (
      tx: ContractTransaction,
      work: () => Promise<unknown>,
      end: () => void,
    ): Promise<void> => {
      const begun = gate();
      const told = gate();
      const savepoint = tx.savepoint!(async (inner) => {
        await step(inner, 'in it');
        begun.open();
        await told.opened;
        end();
      });
      await Promise.allSettled([savepoint, begun.opened.then(work).finally(() => told.open())]);
    };
    const undone = (): never => {
      throw new Error('undone');
    };

    it('is dropped with it, as its row is, and named in a warning', async () => {
      await inScope(() =>
        client.transaction(async (tx) => {
          await step(tx, 'before');
          await beside(tx, () => step(tx, 'beside'), undone);
          await step(tx, 'behind');
        }),
      );
      expect(await stored()).toEqual(['before', 'behind']);
      expect(sent).toEqual(['before', 'behind']);
      // A savepoint by a statement holds what all code calls, as that may be in a helper.
      const warning = expect.stringMatching(/has undone all .* called beside meanwhile/);
      expect(warn.mock.calls).toEqual(name.endsWith('by a statement') ? [] : [[warning]]);
    });

    it('gets out where that is released', async () => {
      await inScope(() =>
        client.transaction((tx) =>
          beside(
            tx,
            () => step(tx, 'beside'),
            () => {},
          ),
        ),
      );
      expect(await stored()).toEqual(['beside', 'in it']);
      expect(sent.toSorted()).toEqual(['beside', 'in it']);
      expect(warn).not.toHaveBeenCalled();
    });

    it('gets out if it survives a rollback', async () => {
      await inScope(() =>
        client.transaction((tx) =>
          beside(tx, async () => enqueueWith({ survivesRollback: true }, send, 'alarm'), undone),
        ),
      );
      expect([sent, warn.mock.calls]).toEqual([['alarm'], []]);
    });

    it('is dropped where it is called inside that, in a context of the transaction', async () => {
      await inScope(() =>
        client.transaction(async (tx) => {
          const outside = AsyncLocalStorage.snapshot();
          const savepoint = tx.savepoint!(async () => {
            await outside(() => step(tx, 'of the transaction'));
            undone();
          });
          await savepoint.catch(() => {});
          await step(tx, 'behind');
        }),
      );
      expect(await stored()).toEqual(['behind']);
      expect(sent).toEqual(['behind']);
    });

    it('is dropped with the savepoint that it is called in, beside one in that', async () => {
      await inScope(() =>
        client.transaction(async (tx) => {
          const outer = tx.savepoint!(async (inner) => {
            await beside(
              inner,
              () => step(tx, 'beside'),
              () => {},
            );
            undone();
          });
          await outer.catch(() => {});
          await step(tx, 'behind');
        }),
      );
      expect(await stored()).toEqual(['behind']);
      expect(sent).toEqual(['behind']);
    });
  });

  // Its frame does not reach the code that awaits the helper, so that calls there are in none.
  it.each<[string, () => Promise<TransactionContractClient>]>([
    ['Knex', () => connectKnex(byHand)],
    ['Sequelize', () => connectSequelize(managedIn)],
    ['MikroORM', () => connectMikroOrm(callbackIn)],
  ])('is dropped with it where a helper has begun the transaction: %s', async (_name, connect) => {
    const client = await connect();
    await client.query('create table items (name text)');
    const warn = jest.fn();
    await new AirlockRuntime({ warn }).run({}, () =>
      client.transaction(async (tx) => {
        const step = async (name: string): Promise<void> => {
          await tx.query(`insert into items values ('${name}')`);
          enqueueWith({ name }, send, name);
        };
        const begun = gate();
        const told = gate();
        await step('before');
        const savepoint = tx.savepoint!(async () => {
          begun.open();
          await told.opened;
          throw new Error('undone');
        }).catch(() => {});
        await begun.opened;
        await step('beside');
        told.open();
        await savepoint;
        await step('behind');
      }),
    );
    const stored = await client.query('select name from items order by name');
    await client.close();
    expect(stored.map((row) => row.name)).toEqual(['before', 'behind']);
    expect(sent).toEqual(['before', 'behind']);
    expect(warn.mock.calls).toEqual([[expect.stringContaining('called beside meanwhile')]]);
  });

  it('is taken in a transaction of another database as ever', async () => {
    const [client, other] = [await connectNodePostgres(), await connectKnex()];
    await new AirlockRuntime().run({}, () =>
      client.transaction(async (tx) => {
        await tx.savepoint!(async () => {
          await other.transaction(async () => enqueue(send, 'elsewhere'));
          throw new Error('undone');
        }).catch(() => {});
      }),
    );
    await Promise.all([client.close(), other.close()]);
    expect(sent).toEqual(['elsewhere']);
  });
});
