import { MikroORM, type SqlEntityManager } from '@mikro-orm/libsql';
import { enqueue, runInScope } from 'nestjs-airlock';
import { trackMikroOrmTransactions } from 'nestjs-airlock/mikro-orm';
import { checkAfterEach, errorOf, send, sent } from '../../unit/core/fixtures.js';
import { hooks, Item, itemSchema } from './fixtures.js';

checkAfterEach();

describe('when the database of MikroORM is SQLite', () => {
  let orm: MikroORM;
  const items = async (em: SqlEntityManager = orm.em.fork()): Promise<unknown[]> => {
    const rows = await em.execute<{ name: string }[]>('select name from items order by name');
    return rows.map(({ name }) => name);
  };
  const place = (em: SqlEntityManager, name: string): Promise<unknown> => {
    em.persist(em.create(Item, { name }));
    return em.flush();
  };
  const refuse = (): never => {
    throw new Error('no stock');
  };
  beforeAll(async () => {
    orm = trackMikroOrmTransactions(
      await MikroORM.init({ dbName: ':memory:', entities: [itemSchema], logger: () => {} }),
    );
    await orm.em.fork().execute('create table items (name text primary key)');
  });
  afterAll(() => orm.close(true));
  beforeEach(async () => {
    hooks.afterCreate = async ({ name }) => enqueue(send, name);
    await orm.em.fork().execute('delete from items');
  });
  afterAll(() => {
    hooks.afterCreate = async () => {};
  });

  it('lets out what a savepoint and the transaction around it keep, and nothing that either takes back', async () => {
    await runInScope(async () => {
      await orm.em.fork().transactional(async (em) => {
        await place(em, 'kept');
        await em.transactional((inner) => place(inner, 'kept in a savepoint'));
        await errorOf(() =>
          em.transactional(async (inner) => {
            await place(inner, 'taken back');
            refuse();
          }),
        );
      });
      await errorOf(() =>
        orm.em.fork().transactional(async (em) => {
          await place(em, 'rolled back');
          refuse();
        }),
      );
      await place(orm.em.fork(), 'flushed');
    });
    expect(await items()).toEqual(['flushed', 'kept', 'kept in a savepoint']);
    expect(sent).toEqual(['kept', 'kept in a savepoint', 'flushed']);
  });

  it('does so where a transaction is begun by a statement', async () => {
    await runInScope(async () => {
      const em = orm.em.fork();
      await em.begin();
      await place(em, 'committed');
      await em.commit();
      await em.begin();
      await place(em, 'rolled back');
      await em.rollback();
    });
    expect(await items()).toEqual(['committed']);
    expect(sent).toEqual(['committed']);
  });

  it('lets an effect use the one connection, after the COMMIT', async () => {
    hooks.afterCreate = async () => {};
    const audit = (name: string): Promise<unknown> => place(orm.em.fork(), name);
    await orm.em.fork().transactional(() => runInScope(async () => enqueue(audit, 'audited')));
    expect(await items()).toEqual(['audited']);
  });
});
