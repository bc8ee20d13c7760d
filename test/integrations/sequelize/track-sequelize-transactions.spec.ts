import { AirlockOptionsError, enqueue, type Executor, runInScope } from 'nestjs-airlock';
import { trackSequelizeTransactions } from 'nestjs-airlock/sequelize';
import { declarerOf } from '../../../lib/integrations/sequelize/sequelize.client.js';
import { trackTransactionsOfClass } from '../../../lib/integrations/sequelize/track-sequelize-transactions.js';
import { AsyncLocalStorage } from 'node:async_hooks';
import { DataTypes, Sequelize, type Transaction } from 'sequelize';
import { describeWith, freshSchema, postgres } from '../../servers.js';
import { checkAfterEach, errorOf, send, sent } from '../../unit/core/fixtures.js';
import { describeDoors, type Door } from '../doors.js';

checkAfterEach();

/** What `cls-hooked` is to Sequelize. */
class Namespace {
  private readonly storage = new AsyncLocalStorage<Map<string, unknown>>();

  run(work: (context: object) => void): void {
    this.storage.run(new Map(this.storage.getStore()), () => work({}));
  }

  bind<F>(work: F): F {
    return work;
  }

  get(key: string): unknown {
    return this.storage.getStore()?.get(key);
  }

  set(key: string, value: unknown): void {
    this.storage.getStore()?.set(key, value);
  }
}

describeWith(postgres, 'trackSequelizeTransactions', () => {
  const connect = (): Sequelize => new Sequelize(postgres.url, { logging: false });
  const sequelize = trackSequelizeTransactions(connect());
  afterAll(() => sequelize.close());

  const unmanaged =
    (begin: () => Promise<Transaction>): Door =>
    async (work) => {
      const transaction = await begin();
      try {
        await work();
        await transaction.commit();
      } catch (error) {
        await transaction.rollback();
        throw error;
      }
    };

  describe('each door', () => {
    describeDoors({
      byCallback: {
        'transaction(callback)': (work) => sequelize.transaction(work),
        'transaction(options, callback)': (work) => sequelize.transaction({ readOnly: true }, work),
        'transaction({ transaction }, callback)': (work) =>
          sequelize.transaction((transaction) => sequelize.transaction({ transaction }, work)),
        'transaction(callback) of an instance that is made later, as one per tenant': async (
          work,
        ) => {
          const tenant = connect();
          try {
            await tenant.transaction(work);
          } finally {
            await tenant.close();
          }
        },
      },
      byStatements: {
        'await transaction()': unmanaged(() => sequelize.transaction()),
        'await transaction(options)': unmanaged(() => sequelize.transaction({ readOnly: true })),
      },
      notCovered: {
        'BEGIN by a query, on a pool of one connection': async (work) => {
          const alone = new Sequelize(postgres.url, { logging: false, pool: { max: 1 } });
          await alone.query('begin');
          try {
            await work();
          } finally {
            await alone.query('rollback');
            await alone.close();
          }
        },
      },
    });
  });

  describe('when Sequelize passes its transactions on by CLS', () => {
    // For the whole class: `useCLS` cannot be undone by the public API.
    const useCls = (namespace: Namespace | undefined): void =>
      void Reflect.set(Sequelize, '_cls', namespace);
    beforeAll(() => useCls(new Namespace()));
    afterAll(() => useCls(undefined));

    it('still tracks transactions, and takes a transaction in another one for one of its own', async () => {
      await runInScope(async () => {
        await errorOf(() =>
          sequelize.transaction(async () => {
            enqueue(send, 'outer');
            await sequelize.transaction(async () => enqueue(send, 'independent'));
            throw new Error('no stock');
          }),
        );
      });
      expect(sent).toEqual(['independent']);
    });
  });

  describe('when a transactional executor writes', () => {
    it('is given the transaction as Sequelize knows it', async () => {
      const levels: unknown[] = [];
      const executor: Executor = {
        transactional: true,
        execute: async (_intent, { tx }) => {
          const [rows] = await sequelize.query('select pg_current_xact_id() is not null as here', {
            transaction: tx as Transaction,
          });
          levels.push(rows);
        },
      };
      await runInScope({ executor }, () =>
        sequelize.transaction(async () => enqueue(send, 'written')),
      );
      expect(levels).toEqual([[{ here: true }]]);
    });
  });

  describe('when a model finds or creates', () => {
    let schema: Awaited<ReturnType<typeof freshSchema>>;
    let own: Sequelize;
    const item = () => own.models['item']!;
    beforeAll(async () => {
      schema = await freshSchema();
      own = trackSequelizeTransactions(new Sequelize(schema.url, { logging: false }));
      const model = own.define(
        'item',
        { name: { type: DataTypes.STRING, unique: true } },
        { timestamps: false },
      );
      model.beforeCreate((created) => {
        if (created.get('name') !== 'quiet')
          enqueue(send, `creating ${String(created.get('name'))}`);
      });
      await own.sync();
    });
    afterAll(async () => {
      await own.close();
      await schema.drop();
    });
    beforeEach(() => item().destroy({ truncate: true }));

    const find = (transaction: Transaction, name: string): Promise<unknown> =>
      item().findOrCreate({ where: { name }, transaction });

    it('is part of the transaction around it, however often and beside what', async () => {
      await own.transaction((transaction) => find(transaction, 'quiet'));
      await runInScope(async () => {
        await own.transaction(async (transaction) => {
          await find(transaction, 'a');
          await find(transaction, 'a');
          await Promise.all([find(transaction, 'b'), find(transaction, 'c')]);
          await own.transaction({ transaction }, (inner) => find(inner, 'd'));
        });
        const begun = await own.transaction();
        await find(begun, 'e');
        await begun.commit();
      });
      expect(await item().count()).toBe(6);
      expect(sent).toEqual(['a', 'b', 'c', 'd', 'e'].map((name) => `creating ${name}`));
    });

    it('is undone with the transaction around it', async () => {
      await runInScope(() =>
        errorOf(() =>
          own.transaction(async (transaction) => {
            await find(transaction, 'a');
            throw new Error('no stock');
          }),
        ),
      );
      expect(await item().count()).toBe(0);
      expect(sent).toEqual([]);
    });

    it('lets out what is called in the transaction that it begins by itself', async () => {
      await runInScope(async () => {
        await item().findOrCreate({ where: { name: 'a' } });
        enqueue(send, 'after it');
      });
      expect(sent).toEqual(['creating a', 'after it']);
    });

    it('drops what is called in its own transaction where that fails, and lets out what its caller calls beside it', async () => {
      await own.query(
        `create function refuse() returns trigger language plpgsql as 'begin raise ''no stock''; end';
         create constraint trigger at_commit after insert on items deferrable initially deferred
         for each row when (new.name = 'at commit') execute function refuse()`,
      );
      const warn = jest.spyOn(console, 'warn').mockImplementation();
      await runInScope(async () => {
        const creating = item().findOrCreate({ where: { name: 'at commit' } });
        enqueue(send, 'beside it');
        expect(await errorOf(() => creating)).toMatchObject({ message: 'no stock' });
      });
      warn.mockRestore();
      expect(sent).toEqual(['beside it']);
    });
  });

  describe('when a savepoint without a callback is never ended', () => {
    it('is released with the transaction or savepoint around it', async () => {
      await runInScope(async () => {
        await sequelize.transaction(async (transaction) => {
          const inner = await sequelize.transaction({ transaction });
          enqueue(send, 'managed');
          await sequelize.transaction({ transaction: inner });
          enqueue(send, 'deep');
        });
        await sequelize.transaction((transaction) =>
          sequelize.transaction({ transaction }, async (inner) => {
            await sequelize.transaction({ transaction: inner });
            enqueue(send, 'in a savepoint');
          }),
        );
        const transaction = await sequelize.transaction();
        await sequelize.transaction({ transaction });
        enqueue(send, 'unmanaged');
        await transaction.commit();
        enqueue(send, 'after');
      });
      expect(sent.toSorted()).toEqual(['after', 'deep', 'in a savepoint', 'managed', 'unmanaged']);
    });
  });

  describe('when a transaction has ended', () => {
    const message = (text: string): object => ({
      message: expect.stringContaining(text) as unknown,
    });

    it('leaves the error of what is called then to Sequelize', async () => {
      const finished = message('has been finished');
      const committed = await sequelize.transaction();
      await committed.commit();
      expect(await errorOf(() => committed.commit())).toMatchObject(finished);
      expect(await errorOf(() => committed.rollback())).toMatchObject(finished);
      const rolledBack = await sequelize.transaction();
      await rolledBack.rollback();
      expect(await errorOf(() => rolledBack.commit())).toMatchObject(finished);
    });
  });

  describe('when a write of an executor fails before the COMMIT of a transaction without a callback', () => {
    it('rolls back, gives the connection back, and takes a rollback() by the caller', async () => {
      const alone = new Sequelize(postgres.url, {
        logging: false,
        pool: { max: 1, acquire: 2000 },
      });
      const executor: Executor = {
        transactional: true,
        execute: async () => {
          throw new Error('no disk');
        },
      };
      await runInScope({ executor }, async () => {
        const transaction = await alone.transaction();
        enqueue(send, 'written');
        expect(await errorOf(() => transaction.commit())).toMatchObject({ name: 'DispatchError' });
        await alone.query('select 1');
        await transaction.rollback();
      });
      await alone.query('select 1');
      await alone.close();
    });
  });

  describe('when a transaction was begun before frames were kept', () => {
    it('keeps none for its savepoints', async () => {
      const prototype = Sequelize.prototype as unknown as {
        transaction: { call(...args: unknown[]): unknown };
      };
      const kept = prototype.transaction;
      const symbol = Object.getOwnPropertySymbols(kept)[0]!;
      const { original } = Reflect.get(kept, symbol) as { original: typeof kept };
      const unknown = (await original.call(sequelize, {})) as Transaction;
      await runInScope(async () => {
        await sequelize.transaction({ transaction: unknown }, async () => enqueue(send, 'called'));
        expect(sent).toEqual([]);
        await sequelize.transaction({ transaction: unknown });
        enqueue(send, 'beside');
        await unknown.rollback();
      });
      expect(sent).toEqual(['called', 'beside']);
    });
  });

  describe('when somebody has wrapped the method and it is replaced once more', () => {
    it('keeps one frame for each transaction and savepoint', async () => {
      const { prototype } = Sequelize as unknown as {
        prototype: { transaction: (...args: unknown[]) => unknown };
      };
      const kept = prototype.transaction;
      prototype.transaction = async function (...args) {
        await Promise.resolve();
        return kept.apply(this, args);
      };
      const end = trackTransactionsOfClass(prototype);
      try {
        await runInScope(() =>
          sequelize.transaction(async (transaction) => {
            await sequelize.transaction({ transaction }, async () => enqueue(send, 'managed'));
            const inner = await sequelize.transaction({ transaction });
            enqueue(send, 'undone');
            await inner.rollback();
          }),
        );
      } finally {
        end();
        prototype.transaction = kept;
      }
      expect(sent).toEqual(['managed']);
    });
  });

  describe('when a class overrides the method and calls that of Sequelize', () => {
    class Traced extends Sequelize {
      override transaction(...args: unknown[]): never {
        return super.transaction(...(args as [])) as never;
      }
    }

    it('tracks transactions of all instances of Sequelize, and one for each transaction', async () => {
      expect(declarerOf(new Traced(postgres.url, { logging: false }))).toBe(Sequelize.prototype);
    });
  });

  describe('when what is given is no instance', () => {
    it.each([[undefined], [null], [{}], [{ transaction: 1 }]])('refuses %p', (given) => {
      expect(() => trackSequelizeTransactions(given as never)).toThrow(AirlockOptionsError);
    });
  });
});
