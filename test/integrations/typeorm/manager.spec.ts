import { enqueue, FrameStateError, runInScope } from 'nestjs-airlock';
import { trackTypeOrmTransactions, type TypeOrmDataSource } from 'nestjs-airlock/typeorm';
import {
  type DataSource,
  type EntityManager,
  type EntitySubscriberInterface,
  EventSubscriber,
  type InsertEvent,
} from 'typeorm';
import { describeWith, postgres } from '../../servers.js';
import { checkAfterEach, errorOf, send, sent } from '../../unit/core/fixtures.js';
import { connected, Order, ordersIn } from './fixtures.js';

checkAfterEach();

describeWith(postgres, 'the transactions of an EntityManager', () => {
  let dataSource: DataSource;
  let close: () => Promise<void>;

  beforeAll(async () => {
    ({ dataSource, close } = await connected());
  });
  beforeEach(() => dataSource.getRepository(Order).clear());
  afterAll(() => close());

  /** A row and an effect of one name. */
  const place = async (manager: EntityManager, id: string): Promise<void> => {
    await manager.insert(Order, { id });
    enqueue(send, id);
  };
  const refuse = (): never => {
    throw new Error('refused');
  };
  /** What is stored and what got out, which is to be the same. */
  const outcome = async (): Promise<string[]> => {
    const orders = await ordersIn(dataSource);
    expect(sent.toSorted()).toEqual(orders);
    return orders;
  };

  describe('when the same data source is given twice', () => {
    it('stays as it is', () => {
      const kept: TypeOrmDataSource = dataSource;
      const { createQueryRunner, manager } = kept;
      const { transaction } = manager;
      expect(trackTypeOrmTransactions(dataSource)).toBe(kept);
      expect(kept.createQueryRunner).toBe(createQueryRunner);
      expect(kept.manager.transaction).toBe(transaction);
    });
  });

  describe('when an effect is called beside a savepoint of its transaction', () => {
    it('lies in that from its beginning to its end', async () => {
      await runInScope(() =>
        dataSource.transaction(async (manager) => {
          enqueue(send, 'before');
          const savepoint = manager.transaction(async () => refuse());
          enqueue(send, 'beside it, lost');
          await errorOf(() => savepoint);
          enqueue(send, 'behind');
        }),
      );
      expect(sent).toEqual(['before', 'behind']);
    });
  });

  describe('when a transaction is begun with arguments of every kind', () => {
    it('hands on what the callback returns, and the isolation level', async () => {
      const level = (manager: EntityManager) =>
        manager.query<{ transaction_isolation: string }[]>('show transaction_isolation');
      expect(await dataSource.transaction(level)).toEqual([
        { transaction_isolation: 'read committed' },
      ]);
      expect(await dataSource.manager.transaction('SERIALIZABLE', level)).toEqual([
        { transaction_isolation: 'serializable' },
      ]);
    });

    it('leaves it to TypeORM to refuse one without a callback', async () => {
      const error = await errorOf(() =>
        dataSource.manager.transaction('SERIALIZABLE', undefined as never),
      );
      expect(error.message).toContain('requires callback');
    });
  });

  describe('when the caller goes on while a transaction runs', () => {
    it('gives the caller’s own calls no part in its fate', async () => {
      await runInScope(async () => {
        const running = dataSource.transaction(async (manager) => {
          await place(manager, 'inside');
          refuse();
        });
        enqueue(send, 'at once');
        await new Promise((resolve) => setImmediate(resolve));
        enqueue(send, 'meanwhile');
        await running.catch(() => {});
      });
      expect(sent).toEqual(['at once', 'meanwhile']);
    });
  });

  describe('when transactions are nested by every manager there is', () => {
    it.each<[string, (manager: EntityManager) => EntityManager]>([
      ['the manager of the transaction', (manager) => manager],
      ['that of its query runner', (manager) => manager.queryRunner!.manager],
      ['that of a repository', (manager) => manager.getRepository(Order).manager],
      [
        'one made for the query runner',
        (manager) => dataSource.createEntityManager(manager.queryRunner),
      ],
    ])('takes a savepoint by %s', async (_name, managerOf) => {
      await runInScope(() =>
        dataSource.transaction(async (manager) => {
          await place(manager, '1 before');
          await managerOf(manager).transaction(async (inner) => place(inner, '2 kept'));
          await managerOf(manager)
            .transaction(async (inner) => {
              await place(inner, '3 lost');
              refuse();
            })
            .catch(() => {});
          await place(manager, '4 after');
        }),
      );
      expect(await outcome()).toEqual(['1 before', '2 kept', '4 after']);
    });

    it('begins an independent one by the manager of the data source', async () => {
      await runInScope(() =>
        dataSource
          .transaction(async (manager) => {
            await place(manager, 'lost');
            await dataSource.manager.transaction((independent) => place(independent, 'kept'));
            refuse();
          })
          .catch(() => {}),
      );
      expect(await outcome()).toEqual(['kept']);
    });
  });

  describe('when savepoints of one connection run in parallel', () => {
    const inParallel = (end: (all: Promise<void[]>) => Promise<unknown>): Promise<void> =>
      dataSource.transaction(async (manager) => {
        await place(manager, 'root');
        const branches = ['a', 'b'].map((id) =>
          manager.transaction(async (inner) => {
            await place(inner, `${id} 1`);
            await place(inner, `${id} 2`);
          }),
        );
        await end(Promise.all(branches));
        await Promise.allSettled(branches);
      });

    it('says so, stores nothing and lets nothing out', async () => {
      const error = await runInScope(() => errorOf(() => inParallel((all) => all)));
      expect(error).toBeInstanceOf(FrameStateError);
      expect(error.message).toMatch(
        /^Frame "TypeORM transaction in \w+" cannot take a savepoint: "savepoint in .+", begun after it .+ Await one/,
      );
      expect(await outcome()).toEqual([]);
    });

    it('leaves nothing of that to the next transaction of the connection', async () => {
      const runner = dataSource.createQueryRunner();
      const branch = (inner: EntityManager): Promise<void> => place(inner, 'lost');
      await runInScope(async () => {
        await errorOf(() =>
          runner.manager.transaction(async (manager) => {
            const branches = [manager.transaction(branch), manager.transaction(branch)];
            await Promise.allSettled(branches);
          }),
        );
        await runner.manager.transaction((manager) => place(manager, 'kept'));
      });
      await runner.release();
      expect(await outcome()).toEqual(['kept']);
    });

    it('commits nothing where that error is swallowed', async () => {
      const error = await runInScope(() => errorOf(() => inParallel((all) => all.catch(() => {}))));
      expect(error).toBeInstanceOf(FrameStateError);
      expect(await outcome()).toEqual([]);
    });
  });

  describe('when a transaction ends before a savepoint in it', () => {
    it('is rolled back and says why, and nothing of either is stored or gets out', async () => {
      await runInScope(async () => {
        let leftBehind: Promise<unknown> = Promise.resolve();
        const error = await errorOf(() =>
          dataSource.transaction(async (manager) => {
            await place(manager, 'root');
            leftBehind = manager.transaction((inner) => place(inner, 'forgotten')).catch(() => {});
          }),
        );
        expect(error).toBeInstanceOf(FrameStateError);
        expect(error.message).toContain('cannot be committed: "savepoint in');
        await leftBehind;
      });
      expect(await outcome()).toEqual([]);
    });
  });

  describe('when a transaction fails while a savepoint in it begins', () => {
    it('stores nothing and lets nothing out', async () => {
      await runInScope(async () => {
        let leftBehind: Promise<unknown> = Promise.resolve();
        const error = await errorOf(() =>
          dataSource.transaction(async (manager) => {
            leftBehind = manager.transaction((inner) => place(inner, 'forgotten')).catch(() => {});
            refuse();
          }),
        );
        expect(error.message).toBe('refused');
        await leftBehind;
      });
      expect(await outcome()).toEqual([]);
    });
  });

  describe('when TypeORM rolls back more than it was asked to', () => {
    it('drops what it really took back, where a savepoint could not be taken', async () => {
      await runInScope(() =>
        dataSource
          .transaction(async (manager) => {
            await place(manager, 'before');
            await manager.query('select 1 / 0').catch(() => {});
            await manager.transaction((inner) => place(inner, 'never')).catch(() => {});
            // No transaction is open any more.
            await place(manager, 'on its own');
          })
          .catch(() => {}),
      );
      expect(await outcome()).toEqual(['on its own']);
    });
  });

  describe('when TypeORM begins a transaction of its own accord', () => {
    it('drops the effects of a subscriber with it', async () => {
      const { dataSource: watched, close: end } = await connected({ subscribers: [Announcer] });
      try {
        await runInScope(async () => {
          await watched.getRepository(Order).save([{ id: 'kept' }]);
          // The second of them cannot be stored.
          const orders = [{ id: 'taken back' }, { id: 'broken', note: null as unknown as string }];
          await watched
            .getRepository(Order)
            .save(orders)
            .catch(() => {});
        });
        expect(await ordersIn(watched)).toEqual(['kept']);
        expect(sent).toEqual(['kept']);
      } finally {
        await end();
      }
    });
  });
});

@EventSubscriber()
class Announcer implements EntitySubscriberInterface<Order> {
  listenTo(): typeof Order {
    return Order;
  }

  afterInsert({ entity }: InsertEvent<Order>): void {
    enqueue(send, entity.id);
  }
}
