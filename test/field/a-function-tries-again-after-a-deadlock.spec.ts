import { enqueue, runInScope } from 'nestjs-airlock';
import { trackSequelizeTransactions } from 'nestjs-airlock/sequelize';
import { Sequelize, type Transaction } from 'sequelize';
import { describeWith, type FreshMariadb, freshMariadb, mariadb } from '../servers.js';
import { checkAfterEach, send, sent } from '../unit/core/fixtures.js';

// Sequelize itself rolls back after a deadlock of MySQL, and `rollback()` fails from then on. So code
// that begins a transaction without a callback often asks first whether it has ended.

checkAfterEach();

/** Ways in which such a function goes on. */
const WAYS: Record<string, (transaction: Transaction) => Promise<void> | void> = {
  'asks whether it has ended': async (transaction) => {
    const { finished } = transaction as Transaction & { readonly finished?: string };
    if (finished === undefined) await transaction.rollback();
  },
  'rolls back in vain': (transaction) => transaction.rollback().catch(() => {}),
  'has a helper roll back in vain': async (transaction) => {
    await Promise.resolve();
    await transaction.rollback().catch(() => {});
  },
};

describeWith(mariadb, 'when a function has begun a transaction that a deadlock ends', () => {
  let database: FreshMariadb;
  let sequelize: Sequelize;
  beforeAll(async () => {
    database = await freshMariadb();
    sequelize = trackSequelizeTransactions(new Sequelize(database.url, { logging: false }));
  });
  afterAll(async () => {
    await sequelize.close();
    await database.drop();
  });

  const deadlock = (transaction: Transaction): Promise<unknown> =>
    sequelize.query(`signal sqlstate '40001' set mysql_errno = 1213`, { transaction });

  it.each(Object.keys(WAYS))(
    'and %s, and tries again: the rest of it is none of the undone work',
    async (way) => {
      await runInScope(async () => {
        for (const attempt of ['first', 'second']) {
          const transaction = await sequelize.transaction();
          try {
            enqueue(send, attempt);
            if (attempt === 'first') await deadlock(transaction);
            await transaction.commit();
          } catch {
            await WAYS[way]!(transaction);
          }
        }
        enqueue(send, 'after');
      });
      expect(sent).toEqual(['second', 'after']);
    },
  );

  it.each(Object.keys(WAYS).slice(1))('and %s: it may call effects about that', async (way) => {
    await runInScope(async () => {
      const transaction = await sequelize.transaction();
      await deadlock(transaction).catch(() => enqueue(send, 'unaware'));
      await WAYS[way]!(transaction);
      enqueue(send, 'sorry');
    });
    expect(sent).toEqual(['sorry']);
  });
});
