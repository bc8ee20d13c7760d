import { setImmediate } from 'node:timers/promises';
import { type Knex, knex as connect } from 'knex';
import {
  AirlockOptionsError,
  DispatchError,
  enqueue,
  type Executor,
  FrameStateError,
  runInScope,
  type TransactionFrame,
} from 'nestjs-airlock';
import { trackKnexTransactions } from 'nestjs-airlock/knex';
import { airlockMatchers, captureEffects } from 'nestjs-airlock/testing';
import { frames } from '../../../lib/core/frame/transaction-frame.js';
import { currentFrame } from '../../../lib/core/frame/current-frame.js';
import { describeWith, postgres } from '../../servers.js';
import { checkAfterEach, errorOf, send, sent } from '../../unit/core/fixtures.js';
import { itemsOf, openKnex } from './fixtures.js';

expect.extend(airlockMatchers);
checkAfterEach();

describeWith(postgres, 'trackKnexTransactions', () => {
  let knex: Knex;
  let close: () => Promise<void>;

  beforeAll(async () => {
    const opened = await openKnex();
    knex = trackKnexTransactions(opened.knex);
    close = opened.close;
  });
  beforeEach(async () => {
    await knex('orders').delete();
  });
  afterAll(() => close());

  /** Puts an order in, and calls the effect that tells of it. */
  const order = async (trx: Knex, item: string): Promise<void> => {
    await trx('orders').insert({ item });
    enqueue(send, item);
  };

  describe('when an instance is given twice', () => {
    it('keeps one frame for each of its transactions', () => {
      const kept: unknown = Reflect.get(knex, 'transaction');
      expect(trackKnexTransactions(knex)).toBe(knex);
      expect(Reflect.get(knex, 'transaction')).toBe(kept);
    });
  });

  describe('when a transaction has a configuration', () => {
    const config = { isolationLevel: 'serializable', readOnly: true } as const;
    const settings = async (trx: Knex): Promise<unknown> =>
      (
        await trx.raw<{ rows: unknown[] }>(
          `select current_setting('transaction_isolation') as level, current_setting('transaction_read_only') as only`,
        )
      ).rows;

    it.each<[string, () => Promise<unknown>]>([
      ['a handler', () => knex.transaction(settings, config)],
      ['a promise', async () => ended(await knex.transaction(config), settings)],
      ['a promise, after null', async () => ended(await knex.transaction(null, config), settings)],
      ['a provider', async () => ended(await knex.transactionProvider(config)(), settings)],
    ])('hands it on with %s', async (_style, read) => {
      expect(await read()).toEqual([{ level: 'serializable', only: 'on' }]);
    });

    const ended = async <T>(trx: Knex.Transaction, work: (trx: Knex) => Promise<T>): Promise<T> => {
      const value = await work(trx);
      await trx.rollback();
      return value;
    };
  });

  describe('when a handler returns a promise', () => {
    it('resolves to what that resolves to, and rejects with its error', async () => {
      const error = new Error('no stock');
      expect(await knex.transaction(async () => 7)).toBe(7);
      expect(await errorOf(() => knex.transaction(() => Promise.reject(error)))).toBe(error);
      expect(await knex.transaction((trx) => trx.savepoint(async () => 8))).toBe(8);
    });

    it('returns what also emits the events of its queries, as Knex does', async () => {
      const queries: string[] = [];
      const running = knex.transaction((trx) => order(trx, 'tea').catch(() => {}));
      (running as unknown as NodeJS.EventEmitter).on('query', ({ sql }: { sql: string }) =>
        queries.push(sql),
      );
      expect(await running.finally(() => queries.push('end'))).toBeUndefined();
      expect(queries).toEqual(['BEGIN;', expect.stringContaining('insert'), 'COMMIT;', 'end']);
    });

    it('lets effects out that use the same pool of one connection', async () => {
      const opened = await openKnex({ pool: { min: 0, max: 1 } });
      trackKnexTransactions(opened.knex);
      await opened.knex.transaction((trx) =>
        runInScope(async () => {
          await order(trx, 'tea');
          enqueue(async () => void sent.push(`seen: ${(await itemsOf(opened.knex)).join(', ')}`));
        }),
      );
      expect(sent).toEqual(['tea', 'seen: tea']);
      await opened.close();
    });
  });

  describe('when a handler ends the transaction itself', () => {
    it('lets out what it committed, and resolves to what it gave to commit()', async () => {
      await runInScope(async () => {
        const value = await knex.transaction<string>((trx) => {
          order(trx, 'tea').then(
            () => trx.commit('placed'),
            (error) => trx.rollback(error),
          );
        });
        expect(value).toBe('placed');
      });
      expect([sent, await itemsOf(knex)]).toEqual([['tea'], ['tea']]);
    });

    it('drops what it rolled back, and rejects with what it gave to rollback()', async () => {
      const error = new Error('no stock');
      await runInScope(async () => {
        const caught = await errorOf(() =>
          knex.transaction((trx) => {
            void order(trx, 'tea').then(() => trx.rollback(error));
          }),
        );
        expect(caught).toBe(error);
      });
      expect([sent, await itemsOf(knex)]).toEqual([[], []]);
    });
  });

  describe('when a transaction is rolled back without an error', () => {
    it('drops what was called in it, though it resolves', async () => {
      await runInScope(async () => {
        const value = await knex.transaction(async (trx) => {
          await order(trx, 'tea');
          await trx.rollback();
        });
        expect(value).toBeUndefined();
      });
      expect([sent, await itemsOf(knex)]).toEqual([[], []]);
    });

    it('drops it, and rejects, under doNotRejectOnRollback: false', async () => {
      await runInScope(async () => {
        const error = await errorOf(() =>
          knex.transaction(
            async (trx) => {
              await order(trx, 'tea');
              await trx.rollback();
            },
            { doNotRejectOnRollback: false },
          ),
        );
        expect(error.message).toContain('Transaction rejected with non-error');
      });
      expect([sent, await itemsOf(knex)]).toEqual([[], []]);
    });
  });

  describe('when a transaction is begun without a handler', () => {
    it('covers the function that began it until it commits', async () => {
      await runInScope(async () => {
        enqueue(send, 'before');
        const trx = await knex.transaction();
        await order(trx, 'tea');
        expect(currentFrame()).toMatchObject({ name: 'knex', state: 'open' });
        await trx.commit();
        expect(currentFrame()).toBeUndefined();
        enqueue(send, 'after');
      });
      expect(sent).toEqual(['before', 'tea', 'after']);
    });

    it('drops what was called in it until it rolls back', async () => {
      await runInScope(async () => {
        const trx = await knex.transaction();
        await order(trx, 'tea');
        const ending = trx.rollback();
        enqueue(send, 'after');
        await ending;
      });
      expect([sent, await itemsOf(knex)]).toEqual([['after'], []]);
    });

    it('covers the functions that are called meanwhile', async () => {
      await runInScope(async () => {
        const trx = await knex.transaction();
        await Promise.all([order(trx, 'tea'), setImmediate().then(() => order(trx, 'milk'))]);
        await trx.rollback();
      });
      expect(sent).toEqual([]);
    });

    it('takes what the caller of a helper calls that has begun it', async () => {
      const begin = async (): Promise<Knex.Transaction> => {
        await setImmediate();
        return knex.transaction();
      };
      await runInScope(async () => {
        const trx = await begin();
        enqueue(send, 'caller');
        await trx.rollback();
      });
      expect(sent).toEqual([]);
    });

    it('nests in savepoints', async () => {
      await runInScope(async () => {
        const trx = await knex.transaction();
        await order(trx, 'tea');
        const savepoint = await trx.transaction();
        await order(savepoint, 'gift wrap');
        await savepoint.rollback();
        await order(trx, 'milk');
        await trx.commit();
      });
      expect([sent, await itemsOf(knex)]).toEqual([
        ['tea', 'milk'],
        ['milk', 'tea'],
      ]);
    });

    it('drops what was called where it cannot begin', async () => {
      const nowhere = trackKnexTransactions(
        connect({
          client: 'pg',
          connection: 'postgres://127.0.0.1:1/none',
          log: { warn: () => {} },
        }),
      );
      await runInScope(async () => {
        await errorOf(() => nowhere.transaction());
        enqueue(send, 'after');
      });
      expect(sent).toEqual(['after']);
      await nowhere.destroy();
    });

    it('is reported by name where its scope ends before it', async () => {
      const reported: unknown[] = [];
      const log = jest
        .spyOn(console, 'error')
        .mockImplementation((error) => void reported.push(error));
      const { knex: named, close: end } = await openKnex();
      trackKnexTransactions(named, { name: 'orders database' });
      const trx = await runInScope(() => named.transaction());
      log.mockRestore();
      expect(reported).toEqual([expect.any(FrameStateError)]);
      expect((reported[0] as Error).message).toContain(
        '"orders database", begun in it, is still open',
      );
      await trx.rollback();
      await end();
    });
  });

  describe('when a provider hands out a transaction', () => {
    it('covers each function that asks for it', async () => {
      await runInScope(async () => {
        const provider = knex.transactionProvider();
        const insert = async (item: string): Promise<void> => {
          await setImmediate();
          await order(await provider(), item);
        };
        await insert('tea');
        await insert('milk');
        await (await provider()).rollback();
        enqueue(send, 'after');
      });
      expect([sent, await itemsOf(knex)]).toEqual([['after'], []]);
    });
  });

  describe('when the server rolls back instead of committing', () => {
    it('drops what was called in the transaction, which resolves as Knex lets it', async () => {
      const captured = await captureEffects(() =>
        knex.transaction(async (trx) => {
          await order(trx, 'tea');
          await errorOf(() => trx('orders').insert({ item: 'tea' }));
        }),
      );
      expect(captured.error).toBeUndefined();
      expect(captured).toHaveDropped(send, { reason: 'rollback' });
      expect(captured).toHaveNoEffects();
      expect(await itemsOf(knex)).toEqual([]);
    });
  });

  describe('when a transaction is ended twice', () => {
    it('counts the first end, as Knex does', async () => {
      await runInScope(async () => {
        const trx = await knex.transaction();
        await order(trx, 'tea');
        const ends = [trx.commit(), trx.rollback(), trx.commit()];
        expect(trx.isCompleted()).toBe(true);
        await Promise.all(ends);
      });
      expect([sent, await itemsOf(knex)]).toEqual([['tea'], ['tea']]);
    });
  });

  describe('when a nested transaction is not awaited', () => {
    it('rolls back, since it would end after the transaction around it', async () => {
      await runInScope(async () => {
        const error = await errorOf(() =>
          knex.transaction(async (trx) => {
            await order(trx, 'tea');
            trx
              .transaction((inner) => order(inner, 'gift wrap').then(() => setImmediate()))
              .catch(() => {});
            await trx.raw('select pg_sleep(0.02)');
          }),
        );
        expect(error.message).toMatch(/savepoint\(s\) in it are still open|already complete/);
      });
      expect([sent, await itemsOf(knex)]).toEqual([[], []]);
    });
  });

  describe('when the application runs on the transaction of a test, which is always rolled back', () => {
    it('takes its own transactions for real ones', async () => {
      const { knex: plain, close: end } = await openKnex();
      const around = await plain.transaction();
      const application = trackKnexTransactions(around as Knex);
      await runInScope(async () => {
        enqueue(send, 'received');
        await application.transaction((trx) => order(trx, 'tea'));
        await errorOf(() => application.transaction((trx) => order(trx, 'tea')));
        const byHand = await application.transaction();
        await order(byHand, 'milk');
        await byHand.rollback();
      });
      expect([sent, await itemsOf(around)]).toEqual([['received', 'tea'], ['tea']]);
      await around.rollback();
      expect(await itemsOf(plain)).toEqual([]);
      await end();
    });
  });

  describe('when something listens to the end of a transaction', () => {
    const refuse = async (): Promise<never> => {
      throw new Error('no stock');
    };
    const ways: Readonly<
      Record<
        string,
        (tell: (event: string) => void, end: 'commits' | 'rolls back') => Promise<unknown>
      >
    > = {
      'its executionPromise, with a handler': async (tell, end) => {
        let told!: Promise<unknown>;
        await knex
          .transaction(async (trx) => {
            told = trx.executionPromise!.then(
              () => tell('told'),
              () => tell('told'),
            );
            await order(trx, 'tea');
            if (end === 'rolls back') await refuse();
          })
          .catch(() => {});
        await told;
      },
      'its executionPromise, without one': async (tell, end) => {
        const trx = await knex.transaction();
        const told = trx.executionPromise!.then(
          () => tell('told'),
          () => tell('told'),
        );
        await order(trx, 'tea');
        await (end === 'commits' ? trx.commit() : trx.rollback(new Error('no stock')));
        await told;
      },
    };

    it.each(Object.keys(ways))('gives what is called on %s to what is around', async (way) => {
      await runInScope(async () => {
        await ways[way]!((event) => enqueue(send, event), 'commits');
        await knex('orders').delete();
        await ways[way]!((event) => enqueue(send, event), 'rolls back');
      });
      expect(sent).toEqual(['tea', 'told', 'told']);
    });
  });

  describe('when an instance has user parameters', () => {
    it('tracks transactions in the transactions of the copy', async () => {
      await runInScope(() =>
        errorOf(() =>
          knex.withUserParams({ tenant: 7 }).transaction(async (trx) => {
            await order(trx, 'tea');
            throw new Error('no stock');
          }),
        ),
      );
      expect(sent).toEqual([]);
    });
  });

  describe('when an executor is transactional', () => {
    const executor: Executor = {
      transactional: true,
      execute: ({ args }) =>
        frames
          .getStore()!
          .connection!.executeSql('insert into orders (item) values ($1)', [
            `job for ${String(args[0])}`,
          ]),
    };

    it('writes through the connection of the transaction, and shares its fate', async () => {
      await runInScope({ executor }, async () => {
        await knex.transaction((trx) => trx.transaction((inner) => order(inner, 'tea')));
        await errorOf(() =>
          knex.transaction(async (trx) => {
            await order(trx, 'milk');
            throw new Error('no stock');
          }),
        );
        const trx = await knex.transaction();
        await order(trx, 'jam');
        await trx.commit();
      });
      expect(await itemsOf(knex)).toEqual(['jam', 'job for jam', 'job for tea', 'tea']);
    });

    it('may write through the transaction as Knex knows it', async () => {
      const byKnex: Executor = {
        transactional: true,
        execute: ({ args }, { tx }) =>
          (tx as Knex.Transaction)('orders').insert({ item: `job for ${String(args[0])}` }),
      };
      await runInScope({ executor: byKnex }, async () => {
        await knex.transaction((trx) => trx.transaction((inner) => order(inner, 'tea')));
        const trx = await knex.transaction();
        await order(trx, 'jam');
        await trx.commit();
      });
      expect(await itemsOf(knex)).toEqual(['jam', 'job for jam', 'job for tea', 'tea']);
    });

    it.each<[string, () => Promise<unknown>]>([
      ['with a handler', () => knex.transaction((trx) => order(trx, 'tea'))],
      [
        'with a handler that ends it',
        () => knex.transaction((trx) => void order(trx, 'tea').then(() => trx.commit())),
      ],
      [
        'without a handler',
        async () => {
          const trx = await knex.transaction();
          await order(trx, 'tea');
          await trx.commit();
        },
      ],
    ])('rolls the transaction back where its write fails, %s', async (_style, place) => {
      await knex('orders').insert({ item: 'job for tea' });
      await runInScope({ executor }, async () => {
        expect(await errorOf(place)).toBeInstanceOf(DispatchError);
      });
      expect(await itemsOf(knex)).toEqual(['job for tea']);
    });
  });

  describe('when SQL is run on the connection of a frame', () => {
    it('takes values by number, in any order, and leaves question marks alone', async () => {
      await knex.transaction(async (trx) => {
        await trx('orders').insert({ item: 'tea' });
        const { rows } = await frames
          .getStore()!
          .connection!.executeSql(
            `select $2::text || $1::text as both, $2::text as again, '{"a":1}'::jsonb ? 'a' as has, '$1 ? \\?' as literal, count(*)::int as orders from orders`,
            ['1', '2'],
          );
        expect(rows).toEqual([
          { both: '21', again: '2', has: true, literal: '$1 ? \\?', orders: 1 },
        ]);
      });
    });

    it('refuses once the transaction is completed, when the connection may be somebody else’s', async () => {
      let frame: TransactionFrame | undefined;
      await knex.transaction(async () => void (frame = frames.getStore()));
      const error = await errorOf(() => frame!.connection!.executeSql('select 1'));
      expect(error).toBeInstanceOf(FrameStateError);
      expect(error.message).toBe(
        'Nothing can be written through "knex": its transaction is completed.',
      );
    });
  });
});

describe('when trackKnexTransactions is given what it cannot take', () => {
  it('refuses what is no Knex instance', () => {
    expect(() => trackKnexTransactions({} as never)).toThrow(
      'Expected `knex` to be a Knex instance, got an object (Object).',
    );
    expect(() => trackKnexTransactions(undefined as never)).toThrow(AirlockOptionsError);
  });
});
