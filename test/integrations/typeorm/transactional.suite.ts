import { enqueue, runInScope } from 'nestjs-airlock';
import { beginTestTransaction } from 'nestjs-airlock/testing';
import { trackTypeOrmTransactions } from 'nestjs-airlock/typeorm';
import type { DataSource } from 'typeorm';
import {
  addTransactionalDataSource,
  deleteDataSourceByName,
  initializeTransactionalContext,
  Propagation,
  runInTransaction,
  type StorageDriver,
  Transactional,
} from 'typeorm-transactional';
import { describeWith, postgres } from '../../servers.js';
import { checkAfterEach, errorOf, send, sent } from '../../unit/core/fixtures.js';
import { connected, Order, ordersIn } from './fixtures.js';

type Ending = 'completes' | 'fails';

/**
 * Rows are the truth: whatever typeorm-transactional makes of a propagation, an effect gets out if
 * and only if the row beside it is there.
 */
export function defineTransactionalSuite(name: string, storageDriver: StorageDriver): void {
  checkAfterEach();

  describeWith(postgres, `typeorm-transactional, ${name}`, () => {
    let dataSource: DataSource;
    let close: () => Promise<void>;

    beforeAll(async () => {
      initializeTransactionalContext({ storageDriver });
      ({ dataSource, close } = await connected());
      addTransactionalDataSource(dataSource);
    });
    beforeEach(() => dataSource.getRepository(Order).clear());
    afterAll(async () => {
      deleteDataSourceByName('default');
      await close();
    });

    const place = async (id: string): Promise<void> => {
      await dataSource.getRepository(Order).insert({ id });
      enqueue(send, id);
    };
    const end = (ending: Ending): void => {
      if (ending === 'fails') throw new Error('refused');
    };
    const outcome = async (): Promise<string[]> => {
      const orders = await ordersIn(dataSource);
      expect(sent.toSorted()).toEqual(orders);
      return orders;
    };

    /**
     * A method of a service: it writes and calls before its first `await` is over, and fails or
     * not.
     */
    const inner = (propagation: Propagation, ending: Ending): Promise<void> =>
      runInTransaction(
        async () => {
          enqueue(send, '2 inner');
          await dataSource.getRepository(Order).insert({ id: '2 inner' });
          end(ending);
        },
        { propagation },
      );

    const inAnother = (
      propagation: Propagation,
      endings: [inner: Ending, outer: Ending],
    ): Promise<unknown> =>
      runInScope(() =>
        runInTransaction(async () => {
          // Before anything else could tell whose transaction it is.
          const first = inner(propagation, endings[0]).catch(() => {});
          await first;
          await place('3 outer');
          end(endings[1]);
        }).catch(() => {}),
      );

    describe('when a method is called in no transaction', () => {
      it.each<[Propagation, string[]]>([
        [Propagation.REQUIRED, []],
        [Propagation.REQUIRES_NEW, []],
        [Propagation.NESTED, []],
        [Propagation.SUPPORTS, ['2 inner']],
        [Propagation.NOT_SUPPORTED, ['2 inner']],
        [Propagation.NEVER, ['2 inner']],
      ])('%s that fails lets out what is stored: %j', async (propagation, stored) => {
        await runInScope(() => inner(propagation, 'fails').catch(() => {}));
        expect(await outcome()).toEqual(stored);
        sent.length = 0;
        await dataSource.getRepository(Order).clear();
        await runInScope(() => inner(propagation, 'completes'));
        expect(await outcome()).toEqual(['2 inner']);
      });

      it('MANDATORY refuses', async () => {
        expect(
          (await errorOf(() => runInScope(() => inner(Propagation.MANDATORY, 'completes')))).name,
        ).toBe('TransactionalError');
        expect(sent).toEqual([]);
      });
    });

    describe('when a method that completes is called in a transaction that rolls back', () => {
      it.each<[Propagation, string[]]>([
        [Propagation.REQUIRED, []],
        [Propagation.SUPPORTS, []],
        [Propagation.MANDATORY, []],
        [Propagation.REQUIRES_NEW, ['2 inner']],
        // It has no savepoints: this is a transaction of its own.
        [Propagation.NESTED, ['2 inner']],
        [Propagation.NOT_SUPPORTED, ['2 inner']],
        [Propagation.NEVER, []],
      ])('%s lets out what is stored: %j', async (propagation, stored) => {
        await inAnother(propagation, ['completes', 'fails']);
        expect(await outcome()).toEqual(stored);
      });
    });

    describe('when a method that fails is called in a transaction that swallows its error and commits', () => {
      it.each<[Propagation, string[]]>([
        [Propagation.REQUIRED, ['2 inner', '3 outer']],
        [Propagation.SUPPORTS, ['2 inner', '3 outer']],
        [Propagation.MANDATORY, ['2 inner', '3 outer']],
        [Propagation.REQUIRES_NEW, ['3 outer']],
        [Propagation.NESTED, ['3 outer']],
        [Propagation.NOT_SUPPORTED, ['2 inner', '3 outer']],
        [Propagation.NEVER, ['3 outer']],
      ])('%s lets out what is stored: %j', async (propagation, stored) => {
        await inAnother(propagation, ['fails', 'completes']);
        expect(await outcome()).toEqual(stored);
      });
    });

    describe('when a suspended transaction is taken up again', () => {
      it('takes calls again, and so does an independent one inside the suspension', async () => {
        await runInScope(() =>
          runInTransaction(async () => {
            await place('1 lost');
            await runInTransaction(
              async () => {
                await place('2 suspended');
                await runInTransaction(
                  async () => {
                    await place('3 independent, lost');
                    end('fails');
                  },
                  { propagation: Propagation.REQUIRED },
                ).catch(() => {});
                await place('4 suspended');
              },
              { propagation: Propagation.NOT_SUPPORTED },
            );
            await place('5 lost');
            end('fails');
          }).catch(() => {}),
        );
        expect(await outcome()).toEqual(['2 suspended', '4 suspended']);
      });
    });

    describe('when a transaction of one’s own is begun by the same data source', () => {
      it('takes the calls made in it, inside a method and outside', async () => {
        const own = (id: string, ending: Ending): Promise<unknown> =>
          dataSource
            .transaction(async (manager) => {
              enqueue(send, id);
              await manager.insert(Order, { id });
              end(ending);
            })
            .catch(() => {});
        await runInScope(async () => {
          await own('1', 'completes');
          await own('2 lost', 'fails');
          await runInTransaction(async () => {
            await own('3', 'completes');
            await own('4 lost', 'fails');
            await place('5 lost');
            end('fails');
          }).catch(() => {});
        });
        expect(await outcome()).toEqual(['1', '3']);
      });
    });

    describe('when all transactions of a test share the connection of one that is rolled back', () => {
      it('gives the effects of each the fate of its own', async () => {
        const runner = dataSource.createQueryRunner();
        await beginTestTransaction(() => runner.startTransaction());
        const release = jest.spyOn(runner, 'release').mockResolvedValue();
        const create = jest.spyOn(dataSource, 'createQueryRunner').mockReturnValue(runner);
        try {
          await runInScope(async () => {
            const own = (id: string, ending: Ending): Promise<unknown> =>
              runInTransaction(async () => {
                await place(id);
                end(ending);
              }).catch(() => {});
            await own('1', 'completes');
            await own('2 lost', 'fails');
            await runner.startTransaction();
            enqueue(send, '3 lost');
            await runner.rollbackTransaction();
          });
          expect(sent).toEqual(['1']);
          expect(await runner.manager.getRepository(Order).count()).toBe(1);
        } finally {
          create.mockRestore();
          release.mockRestore();
          await runner.rollbackTransaction();
          await runner.release();
        }
      });
    });

    describe('when a class is decorated', () => {
      it('gives the effects of a method the fate of its transaction', async () => {
        class Orders {
          @Transactional()
          async place(id: string, ending: Ending): Promise<void> {
            await place(id);
            end(ending);
          }
        }
        const orders = new Orders();
        await runInScope(async () => {
          await orders.place('1', 'completes');
          await orders.place('2', 'fails').catch(() => {});
        });
        expect(await outcome()).toEqual(['1']);
      });
    });

    describe('when the data source is added before its transactions are tracked', () => {
      it('makes no difference', async () => {
        const other = await connected();
        const plain = new (other.dataSource.constructor as typeof DataSource)(
          other.dataSource.options,
        );
        await plain.initialize();
        addTransactionalDataSource({ name: 'late', dataSource: plain });
        trackTypeOrmTransactions(plain);
        const transaction = (id: string, ending: Ending) =>
          runInTransaction(
            async () => {
              await plain.getRepository(Order).insert({ id });
              enqueue(send, id);
              end(ending);
            },
            { connectionName: 'late' },
          ).catch(() => {});
        await runInScope(async () => {
          await transaction('1', 'completes');
          await transaction('2', 'fails');
        });
        expect(sent).toEqual(['1']);
        expect(await ordersIn(plain)).toEqual(['1']);
        deleteDataSourceByName('late');
        await plain.destroy();
        await other.close();
      });
    });
  });
}
