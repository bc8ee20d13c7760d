import {
  type EventSubscriber,
  type TransactionEventArgs,
  TransactionPropagation,
} from '@mikro-orm/core';
import { AirlockOptionsError, enqueue, type Executor, runInScope } from 'nestjs-airlock';
import { trackMikroOrmTransactions } from 'nestjs-airlock/mikro-orm';
import { beginTestTransaction, captureEffects } from 'nestjs-airlock/testing';
import { describeWith, postgres } from '../../servers.js';
import { checkAfterEach, errorOf, send, sent, texts } from '../../unit/core/fixtures.js';
import { connect, hooks, Item, openMikroOrm } from './fixtures.js';

checkAfterEach();

/** Calls an effect at each event of a transaction. */
class Teller implements EventSubscriber {
  isListening = false;

  private readonly tell =
    (event: string) =>
    async ({ em }: TransactionEventArgs): Promise<void> => {
      if (this.isListening && em !== undefined) enqueue(send, event);
    };

  readonly beforeTransactionStart = this.tell('before start');
  readonly afterTransactionStart = this.tell('after start');
  readonly beforeTransactionCommit = this.tell('before commit');
  readonly afterTransactionCommit = this.tell('after commit');
  readonly beforeTransactionRollback = this.tell('before rollback');
  readonly afterTransactionRollback = this.tell('after rollback');
}

describeWith(postgres, 'trackMikroOrmTransactions', () => {
  const teller = new Teller();
  let opened: Awaited<ReturnType<typeof openMikroOrm>>;
  const em = () => opened.orm.em.fork();
  const items = async (): Promise<unknown[]> => {
    const rows = await em().execute<{ name: string }[]>('select name from items order by name');
    return rows.map(({ name }) => name);
  };
  const refuse = (): never => {
    throw new Error('no stock');
  };
  beforeAll(async () => {
    opened = await openMikroOrm({ subscribers: [teller] });
  });
  afterAll(() => opened.close());
  beforeEach(async () => {
    hooks.afterCreate = async () => {};
    await em().execute('delete from items');
  });
  afterEach(() => {
    teller.isListening = false;
  });

  describe('when a flush has a transaction of its own', () => {
    beforeEach(() => {
      hooks.afterCreate = async ({ name }) => enqueue(send, name);
    });

    it('lets out what the hooks of its entities call', async () => {
      await runInScope(async () => {
        const fork = em();
        fork.persist([fork.create(Item, { name: 'a' }), fork.create(Item, { name: 'b' })]);
        await fork.flush();
        expect(sent).toEqual([]);
      });
      expect({ sent, items: await items() }).toEqual({ sent: ['a', 'b'], items: ['a', 'b'] });
    });

    it('drops what they call where it fails, and the error is swallowed', async () => {
      await em().execute(`insert into items values ('taken')`);
      await runInScope(async () => {
        const fork = em();
        hooks.afterCreate = async ({ name }) => {
          enqueue(send, name);
          await fork
            .getConnection()
            .execute(`insert into items values ('taken')`, [], 'run', fork.getTransactionContext());
        };
        fork.persist(fork.create(Item, { name: 'a' }));
        await errorOf(() => fork.flush());
        enqueue(send, 'after it');
      });
      expect({ sent, items: await items() }).toEqual({ sent: ['after it'], items: ['taken'] });
    });
  });

  describe('when a transaction is suspended', () => {
    it.each([
      ['with a callback', TransactionPropagation.NOT_SUPPORTED],
      ['with a callback', TransactionPropagation.REQUIRES_NEW],
    ])('takes what is called meanwhile for none of it: %s, %s', async (_how, propagation) => {
      await runInScope(async () => {
        await errorOf(() =>
          em().transactional(async (outer) => {
            enqueue(send, 'outer');
            await outer.transactional(async () => enqueue(send, 'meanwhile'), { propagation });
            enqueue(send, 'outer again');
            refuse();
          }),
        );
      });
      expect(sent).toEqual(['meanwhile']);
    });

    it.each([TransactionPropagation.NOT_SUPPORTED, TransactionPropagation.REQUIRES_NEW])(
      'takes what is called beside it for a part of the transaction: %s',
      async (propagation) => {
        await runInScope(() =>
          errorOf(() =>
            em().transactional(async (outer) => {
              let begin = (): void => {};
              const begun = new Promise<void>((resolve) => (begin = resolve));
              const beside = begun.then(() => enqueue(send, 'beside'));
              const meanwhile = async (): Promise<void> => {
                begin();
                await beside;
                enqueue(send, 'meanwhile');
              };
              await Promise.all([outer.transactional(meanwhile, { propagation }), beside]);
              refuse();
            }),
          ),
        );
        expect(sent).toEqual(['meanwhile']);
      },
    );

    it('does so inside a savepoint, for the transaction as a whole', async () => {
      await runInScope(() =>
        errorOf(() =>
          em().transactional((outer) =>
            outer.transactional(async (inner) => {
              const propagation = TransactionPropagation.NOT_SUPPORTED;
              await inner.transactional(async () => enqueue(send, 'meanwhile'), { propagation });
              enqueue(send, 'inner');
              refuse();
            }),
          ),
        ),
      );
      expect(sent).toEqual(['meanwhile']);
    });

    it('does so where it was begun by a statement', async () => {
      await runInScope(async () => {
        const fork = em();
        await fork.begin();
        const propagation = TransactionPropagation.NOT_SUPPORTED;
        await fork.transactional(async () => enqueue(send, 'meanwhile'), { propagation });
        enqueue(send, 'inside');
        await fork.rollback();
      });
      expect(sent).toEqual(['meanwhile']);
    });

    it('does so inside the transaction around a test', async () => {
      const fork = em();
      await beginTestTransaction(() => fork.begin());
      await runInScope(() =>
        errorOf(() =>
          fork.transactional(async (outer) => {
            const propagation = TransactionPropagation.NOT_SUPPORTED;
            await outer.transactional(async () => enqueue(send, 'meanwhile'), { propagation });
            enqueue(send, 'outer again');
            refuse();
          }),
        ),
      );
      await fork.rollback();
      expect(sent).toEqual(['meanwhile']);
    });
  });

  describe('when subscribers call effects at the events of a transaction', () => {
    const begun = async (work: () => void): Promise<void> => {
      const fork = em();
      await fork.begin();
      try {
        work();
        await fork.commit();
      } catch {
        await fork.rollback();
      }
    };
    const styles = {
      'with a callback': (work: () => void) =>
        em()
          .transactional(async () => work())
          .catch(() => {}),
      'begun by a statement': begun,
    };

    it.each(Object.entries(styles))(
      'lets out those of one that commits: %s',
      async (_style, run) => {
        teller.isListening = true;
        await runInScope(() => run(() => {}));
        expect(sent.toSorted()).toEqual([
          'after commit',
          'after start',
          'before commit',
          'before start',
        ]);
      },
    );

    it.each(Object.entries(styles))(
      'drops those inside one that rolls back, and no other: %s',
      async (_style, run) => {
        teller.isListening = true;
        const captured = await captureEffects(() => run(refuse));
        expect(texts(captured.dispatched)).toEqual(expect.arrayContaining(['after rollback']));
        expect(texts(captured.dropped.map(({ intent }) => intent))).toEqual(
          expect.arrayContaining(['after start', 'before rollback']),
        );
      },
    );
  });

  describe('when a transaction with a callback is rolled back by hand', () => {
    it('drops what was called in it', async () => {
      await runInScope(() =>
        em()
          .transactional(async (inner) => {
            enqueue(send, 'inside');
            await inner.rollback();
          })
          .catch(() => {}),
      );
      expect(sent).toEqual([]);
    });
  });

  describe('when a transactional executor writes', () => {
    const executor = (execute: Executor['execute']): Executor => ({ transactional: true, execute });

    it('is given the transaction as MikroORM knows it, and its connection', async () => {
      const given: unknown[] = [];
      const writing = executor(async (_intent, { connection, tx }) => {
        await connection!.executeSql('insert into items values ($1)', ['written']);
        given.push(
          await opened.orm.em
            .getConnection()
            .execute('select name from items', [], 'all', tx as never),
        );
      });
      await runInScope({ executor: writing }, () =>
        em().transactional(async () => enqueue(send, 'written')),
      );
      expect({ given, items: await items() }).toEqual({
        given: [[{ name: 'written' }]],
        items: ['written'],
      });
    });

    it('rolls the transaction back where it fails', async () => {
      const failing = executor(async () => {
        throw new Error('no disk');
      });
      const fork = em();
      await runInScope({ executor: failing }, async () => {
        const error = await errorOf(() =>
          fork.transactional(async (inner) => {
            await inner.execute(`insert into items values ('a')`);
            enqueue(send, 'a');
          }),
        );
        expect(error).toMatchObject({ name: 'DispatchError' });
      });
      expect(await items()).toEqual([]);
    });
  });

  describe('when the pool has one connection, and an effect needs it', () => {
    it('gives it back before the effect runs', async () => {
      const alone = await connect(opened.url, { pool: { min: 0, max: 1 } });
      const insert = (name: string): Promise<unknown> =>
        alone.em.fork().execute(`insert into items values ('${name}')`);
      await alone.em
        .fork()
        .transactional(() => runInScope(async () => enqueue(insert, 'with a callback')));
      const fork = alone.em.fork();
      await fork.begin();
      await runInScope(async () => enqueue(insert, 'begun by a statement'));
      await fork.commit();
      await alone.close(true);
      expect(await items()).toEqual(['begun by a statement', 'with a callback']);
    });
  });

  describe('when a transaction has begun', () => {
    it('has no property of ours: V8 would move all those of Knex for another one', async () => {
      const symbols = await em().transactional(async (inside) =>
        Object.getOwnPropertySymbols(inside.getTransactionContext()!).map(String),
      );
      expect(symbols.filter((symbol) => symbol.includes('AIRLOCK'))).toEqual([]);
    });
  });

  describe('when it is called again', () => {
    it('does nothing', () => {
      const connection = opened.orm.em.getConnection();
      const begin: unknown = Reflect.get(connection, 'begin');
      expect(trackMikroOrmTransactions(opened.orm)).toBe(opened.orm);
      expect(Reflect.get(connection, 'begin')).toBe(begin);
    });
  });
});

describe('when what is given is no MikroORM instance on an SQL database', () => {
  class Connection {
    getPlatform(): object {
      return { supportsSchemas: () => true };
    }
  }
  class Moved extends Connection {
    transactional(): void {}
  }
  class Mongo extends Moved {
    override getPlatform(): object {
      return {};
    }
  }
  const around = (connection: object): object => ({
    close() {},
    em: {
      fork() {},
      getConnection: () => connection,
      getTransactionContext() {},
      setTransactionContext() {},
      resetTransactionContext() {},
    },
  });

  it.each([
    ['nothing', undefined, 'a MikroORM instance'],
    ['an empty object', {}, 'a MikroORM instance'],
    ['an entity manager', around({}), 'is not an SQL one', (given: { em: object }) => given.em],
  ])('refuses %s', (_what, given, _text, of: (value: never) => unknown = (value) => value) => {
    expect(() => trackMikroOrmTransactions(of(given as never) as never)).toThrow(
      AirlockOptionsError,
    );
  });

  it.each([
    ['another kind of database', new Mongo(), 'is not an SQL one'],
    [
      'a version that begins transactions elsewhere',
      new Moved(),
      'did not find `transactional`, `begin`, `commit`, `rollback`',
    ],
  ])('says what is wrong with %s, with a code', (_what, connection, text) => {
    expect(() => trackMikroOrmTransactions(around(connection) as never)).toThrow(
      expect.objectContaining({
        code: 'AIRLOCK_OPTIONS',
        message: expect.stringContaining(text) as unknown,
      }),
    );
  });
});
