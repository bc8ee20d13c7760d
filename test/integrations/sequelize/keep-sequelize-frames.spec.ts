import { AirlockOptionsError, enqueue, type Executor, runInScope } from 'nestjs-airlock';
import { keepSequelizeFrames } from 'nestjs-airlock/sequelize';
import { AsyncLocalStorage } from 'node:async_hooks';
import { Sequelize, type Transaction } from 'sequelize';
import { describeWith, postgres } from '../../servers.js';
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

describeWith(postgres, 'keepSequelizeFrames', () => {
  const connect = (): Sequelize => new Sequelize(postgres.url, { logging: false });
  const sequelize = keepSequelizeFrames(connect());
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
        'transaction(callback) of an instance that is made later, as one per tenant': async (work) => {
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
    const useCls = (namespace: Namespace | undefined): void => void Reflect.set(Sequelize, '_cls', namespace);
    beforeAll(() => useCls(new Namespace()));
    afterAll(() => useCls(undefined));

    it('still keeps frames, and takes a transaction in another one for one of its own', async () => {
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
      await runInScope({ executor }, () => sequelize.transaction(async () => enqueue(send, 'written')));
      expect(levels).toEqual([[{ here: true }]]);
    });
  });

  describe('when what is given is no instance', () => {
    it.each([[undefined], [null], [{}], [{ transaction: 1 }]])('refuses %p', (given) => {
      expect(() => keepSequelizeFrames(given as never)).toThrow(AirlockOptionsError);
    });
  });
});
