import {
  DispatchError,
  enqueue,
  type Executor,
  FrameStateError,
  openScope,
  runInScope,
} from 'nestjs-airlock';
import { trackTypeOrmTransactions } from 'nestjs-airlock/typeorm';
import * as typeorm from 'typeorm';
import {
  DataSource,
  type EntityManager,
  type EntitySubscriberInterface,
  EventSubscriber,
  type QueryRunner,
} from 'typeorm';
import { frames } from '../../../lib/core/frame/transaction-frame.js';
import { describeWith, postgres } from '../../servers.js';
import { checkAfterEach, errorOf, send, sent } from '../../unit/core/fixtures.js';
import { connected, Order, ordersIn } from './fixtures.js';

checkAfterEach();

/** Does what a test puts here. */
const listener: { before?: () => unknown; after?: () => unknown } = {};

@EventSubscriber()
class Listener implements EntitySubscriberInterface {
  async beforeTransactionCommit(): Promise<void> {
    await listener.before?.();
  }

  async afterTransactionCommit(): Promise<void> {
    await listener.after?.();
  }
}

describeWith(postgres, 'the transactions of a QueryRunner', () => {
  let dataSource: DataSource;
  let close: () => Promise<void>;
  let runner: QueryRunner;

  beforeAll(async () => {
    ({ dataSource, close } = await connected({ subscribers: [Listener] }));
  });
  beforeEach(async () => {
    delete listener.before;
    delete listener.after;
    await dataSource.getRepository(Order).clear();
    runner = dataSource.createQueryRunner();
  });
  afterEach(() => runner.release());
  afterAll(() => close());

  const place = async (id: string): Promise<void> => {
    await runner.manager.insert(Order, { id });
    enqueue(send, id);
  };
  const outcome = async (): Promise<string[]> => {
    const orders = await ordersIn(dataSource);
    expect(sent.toSorted()).toEqual(orders);
    return orders;
  };

  describe('when statements begin and end them', () => {
    it('takes what starts in a transaction for a savepoint', async () => {
      await runInScope(async () => {
        await runner.startTransaction();
        await place('1');
        await runner.startTransaction();
        await place('2 lost');
        await runner.rollbackTransaction();
        await runner.startTransaction();
        await place('3');
        await runner.commitTransaction();
        expect(sent).toEqual([]);
        await place('4');
        await runner.commitTransaction();
        await place('5 on its own');
      });
      expect(await outcome()).toEqual(['1', '3', '4', '5 on its own']);
    });

    it('leaves nothing of one transaction to the next of the same connection', async () => {
      await runInScope(async () => {
        await runner.startTransaction();
        await place('lost');
        await runner.rollbackTransaction();
        await runner.startTransaction();
        await place('kept');
        await runner.commitTransaction();
        expect(frames.getStore()).toBeUndefined();
      });
      expect(await outcome()).toEqual(['kept']);
    });

    it('nests what a manager begins in what a statement began', async () => {
      await runInScope(async () => {
        await runner.startTransaction();
        await runner.manager.transaction(() => place('kept'));
        await errorOf(() =>
          runner.manager.transaction(async () => {
            await place('lost');
            throw new Error('refused');
          }),
        );
        await runner.commitTransaction();
      });
      expect(await outcome()).toEqual(['kept']);
    });

    it('leaves it to TypeORM to refuse an end without a beginning', async () => {
      expect((await errorOf(() => runner.commitTransaction())).name).toBe(
        'TransactionNotStartedError',
      );
      expect((await errorOf(() => runner.rollbackTransaction())).name).toBe(
        'TransactionNotStartedError',
      );
    });
  });

  describe('when a scope ends inside', () => {
    it('lets its effects out at the commit, and has them done when the connection is given back', async () => {
      await runner.startTransaction();
      await runInScope(async () => {
        await runner.manager.insert(Order, { id: 'placed' });
        enqueue(async () => void sent.push(...(await ordersIn(dataSource))));
      });
      await runner.commitTransaction();
      await runner.release();
      expect(sent).toEqual(['placed']);
    });
  });

  describe('when a commit fails', () => {
    beforeEach(async () => {
      await dataSource.query(
        'create table if not exists line (n int primary key, of int references line (n) initially deferred)',
      );
    });
    const fail = async (): Promise<void> => {
      await runner.startTransaction();
      await place('lost');
      await runner.query('insert into line values (1, 2)');
      await errorOf(() => runner.commitTransaction());
    };

    it.each<[string, () => Promise<void>]>([
      ['nobody rolls back', async () => {}],
      ['the caller rolls back', () => runner.rollbackTransaction()],
      ['the connection is given back', () => runner.release()],
    ])('drops what was called in it, where %s', async (_name, then) => {
      await runInScope(async () => {
        await fail();
        await then();
      });
      expect(await outcome()).toEqual([]);
    });
  });

  describe('when the connection is given back with a transaction open', () => {
    it('rolls it back, and leaves nothing of it to whoever gets the connection next', async () => {
      await runInScope(async () => {
        await runner.startTransaction();
        await place('lost');
        await runner.startTransaction();
        await place('lost too');
        await runner.release();
        await dataSource.transaction((manager) => manager.insert(Order, { id: 'next' }));
        enqueue(send, 'next');
      });
      expect(await outcome()).toEqual(['next']);
    });
  });

  describe('when the last step is a subscriber’s', () => {
    it('counts what it throws before the commit as a rollback', async () => {
      listener.before = () => Promise.reject(new Error('not now'));
      await runInScope(() =>
        errorOf(() => dataSource.transaction(async () => enqueue(send, 'lost'))),
      );
      expect(sent).toEqual([]);
    });

    it('does not count what it throws after the commit as a rollback', async () => {
      listener.after = () => Promise.reject(new Error('too late'));
      await runInScope(async () => {
        const error = await errorOf(() =>
          dataSource.transaction(async (manager) => {
            await manager.insert(Order, { id: 'kept' });
            enqueue(send, 'kept');
          }),
        );
        expect(error.message).toBe('too late');
      });
      listener.after = undefined as never;
      expect(await outcome()).toEqual(['kept']);
    });

    it('gives its own calls the fate of the transaction', async () => {
      listener.before = () => enqueue(send, 'before the commit');
      await runInScope(async () => {
        await dataSource.transaction(async () => {});
        listener.before = () => {
          enqueue(send, 'before the rollback');
          throw new Error('not now');
        };
        await errorOf(() => dataSource.transaction(async () => {}));
      });
      expect(sent).toEqual(['before the commit']);
    });
  });

  describe('when an executor writes in the transaction', () => {
    const writer: Executor = {
      transactional: true,
      execute: async ({ args }) => {
        const { rows } = await frames
          .getStore()!
          .connection!.executeSql(
            'insert into "order" values ($1, $2) returning id',
            args as unknown[],
          );
        sent.push((rows[0] as { id: string }).id);
      },
    };
    const write = (_id: string, _note: string): void => {};

    it('stores its rows with the transaction, those of a subscriber’s calls too', async () => {
      listener.before = () => enqueue(write, 'by a subscriber', '');
      await runInScope({ executor: writer }, () =>
        dataSource.transaction(async () => enqueue(write, 'by the callback', '')),
      );
      delete listener.before;
      expect(await outcome()).toEqual(['by a subscriber', 'by the callback']);
    });

    it('may store them through the manager of the transaction', async () => {
      const byTypeOrm: Executor = {
        transactional: true,
        execute: async ({ args: [id] }, { tx }) => {
          await (tx as EntityManager).insert(Order, { id: id as string });
          sent.push(id as string);
        },
      };
      await runInScope({ executor: byTypeOrm }, async () => {
        await dataSource.transaction((manager) =>
          manager.transaction(async () => enqueue(write, 'by a callback', '')),
        );
        await runner.startTransaction();
        enqueue(write, 'by statements', '');
        await runner.commitTransaction();
      });
      expect(await outcome()).toEqual(['by a callback', 'by statements']);
    });

    it('stores nothing of a transaction by statements that is rolled back', async () => {
      await runInScope({ executor: writer }, async () => {
        await runner.startTransaction();
        enqueue(write, 'lost', '');
        await runner.rollbackTransaction();
        await runner.startTransaction();
        enqueue(write, 'kept', '');
        await runner.commitTransaction();
      });
      expect(await outcome()).toEqual(['kept']);
    });

    it('rolls the transaction back if it cannot write', async () => {
      const scope = openScope({ executor: writer });
      await scope.run(async () => {
        const error = await errorOf(() =>
          dataSource.transaction(async (manager) => {
            await manager.insert(Order, { id: 'taken' });
            enqueue(write, 'taken', '');
          }),
        );
        expect(error).toBeInstanceOf(DispatchError);
      });
      await scope.end('completed');
      expect(await outcome()).toEqual([]);
    });
  });

  describe('when there is only one connection', () => {
    it.each<[string, (work: () => Promise<void>, only: DataSource) => Promise<unknown>]>([
      ['by dataSource.transaction', (work, only) => only.transaction(work)],
      [
        'by statements',
        async (work, only) => {
          const own = only.createQueryRunner();
          await own.startTransaction();
          await work();
          await own.commitTransaction();
          await own.release();
        },
      ],
      [
        'by the manager of a query runner',
        async (work, only) => {
          const own = only.createQueryRunner();
          await own.manager.transaction(work);
          await own.release();
        },
      ],
    ])(
      'does not hold it against the effects that a transaction %s lets out',
      async (_name, transaction) => {
        const { dataSource: only, close: end } = await connected({ extra: { max: 1 } });
        await transaction(
          () =>
            runInScope(() =>
              enqueue(async () => void sent.push(...(await ordersIn(only)), 'done')),
            ),
          only,
        );
        expect(sent).toEqual(['done']);
        await end();
      },
    );
  });

  describe('when a rollback fails although the connection is alive', () => {
    it('refuses to commit what it has dropped', async () => {
      await runInScope(async () => {
        await runner.startTransaction();
        await place('lost');
        const told = jest
          .spyOn(runner.broadcaster, 'broadcast')
          .mockRejectedValueOnce(new Error('not now'));
        await errorOf(() => runner.rollbackTransaction());
        told.mockRestore();
        expect(await errorOf(() => runner.commitTransaction())).toBeInstanceOf(FrameStateError);
        expect(await errorOf(() => runner.startTransaction())).toBeInstanceOf(FrameStateError);
      });
      await runner.release();
      expect(await outcome()).toEqual([]);
    });
  });

  describe('when the server has killed the connection', () => {
    it('leaves it to TypeORM to refuse whatever is begun on it afterwards', async () => {
      const [{ pid }] = await runner.query('select pg_backend_pid() as pid');
      await runner.startTransaction();
      await dataSource.query('select pg_terminate_backend($1)', [pid]);
      await errorOf(() => runner.query('select 1'));
      await errorOf(() => runner.rollbackTransaction());
      expect((await errorOf(() => runner.startTransaction())).name).toBe(
        'QueryRunnerAlreadyReleasedError',
      );
    });
  });

  describe('when a transaction cannot begin', () => {
    it('is over with that, and so is what was called on the way', async () => {
      const dead = trackTypeOrmTransactions(
        new DataSource({ type: 'postgres', url: 'postgres://postgres@127.0.0.1:1/none' }),
      );
      const own = dead.createQueryRunner();
      await runInScope(async () => {
        await errorOf(() => own.startTransaction());
        enqueue(send, 'after');
        await errorOf(() => own.rollbackTransaction());
        await errorOf(() => dead.transaction(async () => enqueue(send, 'never')));
      });
      expect(sent).toEqual(['after']);
    });
  });

  // From TypeORM 1 on.
  if (!('Connection' in typeorm)) {
    describe('when the query runner is disposed of', () => {
      it('counts what TypeORM commits with it', async () => {
        await runInScope(async () => {
          await runner.startTransaction();
          await place('1');
          await runner.startTransaction();
          await place('2');
          await (runner as unknown as AsyncDisposable)[Symbol.asyncDispose]();
        });
        expect(await outcome()).toEqual(['1', '2']);
      });
    });
  }
});
