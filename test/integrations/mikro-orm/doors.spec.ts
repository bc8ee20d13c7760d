import * as core from '@mikro-orm/core';
import { TransactionPropagation } from '@mikro-orm/core';
import type { MikroORM } from '@mikro-orm/postgresql';
import { describeWith, postgres } from '../../servers.js';
import { checkAfterEach } from '../../unit/core/fixtures.js';
import { type Door, describeDoors } from '../doors.js';
import { connect, hooks, isVersion6, Item, openMikroOrm } from './fixtures.js';

checkAfterEach();

/** In a package of its own from MikroORM 7 on. */
const { Transactional } = (
  isVersion6 ? core : jest.requireActual('@mikro-orm/decorators/legacy')
) as Pick<typeof core, 'Transactional'>;

class Orders {
  constructor(readonly orm: MikroORM) {}

  @Transactional()
  async place(work: () => Promise<void>): Promise<void> {
    await work();
  }

  /** In the same transaction. */
  @Transactional()
  async placeAgain(work: () => Promise<void>): Promise<void> {
    await this.place(work);
  }
}

describeWith(postgres, 'the doors to a transaction of MikroORM', () => {
  let opened: Awaited<ReturnType<typeof openMikroOrm>>;
  const em = () => opened.orm.em.fork();
  beforeAll(async () => {
    opened = await openMikroOrm();
  });
  afterAll(() => opened.close());

  const inHook =
    (flush: (name: string) => Promise<unknown>): Door =>
    async (work) => {
      const name = `item ${performance.now()}`;
      hooks.afterCreate = (item) => (item.name === name ? work() : Promise.resolve());
      await flush(name);
    };

  const propagated =
    (propagation: TransactionPropagation): Door =>
    (work) =>
      em().transactional((inner) => inner.transactional(work, { propagation }));

  const begun =
    (ctxOf: () => Promise<{ ctx?: unknown; end: () => Promise<void> }>): Door =>
    async (work) => {
      const { ctx, end } = await ctxOf();
      const fork = em();
      await fork.begin({ ...(ctx !== undefined && { ctx }) });
      try {
        await work();
        await fork.commit();
      } catch (error) {
        await fork.rollback();
        throw error;
      } finally {
        await end();
      }
    };

  describeDoors({
    byCallback: {
      'em.transactional(…)': (work) => em().transactional(work),
      'em.transactional(…) of the global entity manager': (work) =>
        opened.orm.em.transactional(work),
      'em.transactional(…) in another one, which is a savepoint': propagated(
        TransactionPropagation.NESTED,
      ),
      'em.transactional(…) that joins another one': propagated(TransactionPropagation.REQUIRED),
      'em.transactional(…) beside another one': propagated(TransactionPropagation.REQUIRES_NEW),
      '@Transactional()': (work) => new Orders(opened.orm).place(work),
      '@Transactional() in another one': (work) => new Orders(opened.orm).placeAgain(work),
      'flush(), in the hook of an entity': inHook((name) => {
        const fork = em();
        fork.persist(fork.create(Item, { name }));
        return fork.flush();
      }),
      'flush() in a transaction, in the hook of an entity': inHook((name) =>
        em().transactional(async (inner) => {
          inner.persist(inner.create(Item, { name }));
          await inner.flush();
        }),
      ),
      'an instance that is made later, as one per tenant': async (work) => {
        const tenant = await connect(opened.url);
        try {
          await tenant.em.transactional(work);
        } finally {
          await tenant.close(true);
        }
      },
    },
    byStatements: {
      'em.begin()': begun(async () => ({ end: async () => {} })),
      'em.begin({ ctx }), which is a savepoint': begun(async () => {
        const outer = em();
        await outer.begin();
        return { ctx: outer.getTransactionContext(), end: () => outer.commit() };
      }),
    },
    notCovered: {
      'BEGIN by a query, on a pool of one connection': async (work) => {
        const alone = await connect(opened.url, { pool: { min: 0, max: 1 } });
        const connection = alone.em.getConnection();
        await connection.execute('begin');
        try {
          await work();
        } finally {
          await connection.execute('rollback');
          await alone.close(true);
        }
      },
    },
  });
});
