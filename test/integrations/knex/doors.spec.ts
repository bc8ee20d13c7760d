import { type Knex, knex as connect } from 'knex';
import { trackKnexTransactions } from 'nestjs-airlock/knex';
import { describeWith, freshSchema, postgres } from '../../servers.js';
import { checkAfterEach } from '../../unit/core/fixtures.js';
import { type Door, describeDoors } from '../doors.js';

checkAfterEach();

/**
 * Begins by one of the calls that hand the transaction out, and ends it as the function that called
 * does.
 */
const byHand =
  (begin: () => PromiseLike<Knex.Transaction>): Door =>
  async (work) => {
    const trx = await begin();
    try {
      await work();
      await trx.commit();
    } catch (error) {
      await trx.rollback(error);
      throw error;
    }
  };

/** Knex names neither: what its functions stand for, and what a savepoint is taken by. */
type Inner = Knex & { readonly context: Pick<Knex, 'transaction' | 'transactionProvider'> };
const contextOf = (knex: Knex) => (knex as Inner).context;

describeWith(postgres, 'the doors to a transaction of Knex', () => {
  let knex: Knex;
  let older: Knex;
  let single: Knex;
  let schema: Awaited<ReturnType<typeof freshSchema>>;

  beforeAll(async () => {
    schema = await freshSchema();
    const settings = {
      client: 'pg',
      connection: schema.url,
      log: { warn: () => {}, error: () => {} },
    };
    knex = connect(settings);
    older = knex.withUserParams({ made: 'before' });
    trackKnexTransactions(knex);
    single = trackKnexTransactions(connect({ ...settings, pool: { min: 1, max: 1 } }));
  });
  afterAll(async () => {
    await knex.destroy();
    await single.destroy();
    await schema.drop();
  });

  const migrated =
    (
      config: Knex.MigratorConfig,
      migrate: (config: Knex.MigratorConfig) => Promise<unknown>,
    ): Door =>
    async (work) => {
      const migrationSource: Knex.MigrationSource<string> = {
        getMigrations: async () => ['seed'],
        getMigrationName: (name) => name,
        getMigration: async () => ({ up: () => work(), down: async () => {} }),
      };
      await knex.schema.dropTableIfExists('knex_migrations');
      await migrate({ ...config, migrationSource });
    };

  describeDoors({
    byCallback: {
      'knex.transaction with a handler': (work) => knex.transaction(() => work()),
      'knex.transaction with a handler and options': (work) =>
        knex.transaction(() => work(), { isolationLevel: 'serializable' }),
      'knex.transaction with a handler that ends it': (work) =>
        knex.transaction<void>(
          (trx) =>
            void work().then(
              () => trx.commit(),
              (error) => trx.rollback(error),
            ),
        ),
      'knex.context.transaction': (work) => contextOf(knex).transaction(() => work()),
      'knex.withUserParams(…).transaction': (work) =>
        knex.withUserParams({}).transaction(() => work()),
      'knex.withUserParams(…) twice': (work) =>
        knex
          .withUserParams({})
          .withUserParams({})
          .transaction(() => work()),
      'trx.transaction': (work) => knex.transaction((trx) => trx.transaction(() => work())),
      'trx.savepoint': (work) => knex.transaction((trx) => trx.savepoint(() => work())),
      'trx.context.transaction': (work) =>
        knex.transaction((trx) => contextOf(trx).transaction(() => work())),
      'knex.migrate.latest': migrated({}, (config) => knex.migrate.latest(config)),
      'knex.migrate.up': migrated({}, (config) => knex.migrate.up(config)),
    },
    byStatements: {
      'knex.transaction without a handler': byHand(() => knex.transaction()),
      'knex.transaction with options alone': byHand(() =>
        knex.transaction({ isolationLevel: 'serializable' }),
      ),
      'a handler that hands it out': byHand(
        () =>
          new Promise((resolve, reject) => {
            knex.transaction(resolve).catch(reject);
          }),
      ),
      'a transactionProvider': byHand(() => knex.transactionProvider()()),
      'the transactionProvider of a context': byHand(() => contextOf(knex).transactionProvider()()),
      'trx.transaction without a handler': (work) =>
        knex.transaction((trx) => byHand(() => trx.transaction())(work) as Promise<void>),
    },
    notCovered: {
      "knex.raw('BEGIN')": async (work) => {
        await single.raw('BEGIN');
        try {
          await work();
        } finally {
          await single.raw('ROLLBACK');
        }
      },
      'a copy by withUserParams that was made before': (work) => older.transaction(() => work()),
    },
  });
});
