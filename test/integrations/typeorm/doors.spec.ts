import { trackTypeOrmTransactions } from 'nestjs-airlock/typeorm';
import {
  BeforeInsert,
  Column,
  DataSource,
  Entity,
  EntityManager,
  type MigrationInterface,
  PrimaryColumn,
  type QueryRunner,
  Repository,
} from 'typeorm';
import { describeWith, freshSchema, postgres } from '../../servers.js';
import { checkAfterEach } from '../../unit/core/fixtures.js';
import { type Door, describeDoors } from '../doors.js';

/** Done by code that TypeORM calls in transactions of its own. */
let inside: () => Promise<void> = async () => {};

@Entity()
class Article {
  @PrimaryColumn('text')
  id!: string;

  @Column('text', { default: '' })
  note!: string;

  @BeforeInsert()
  async tell(): Promise<void> {
    await inside();
  }
}

class Seed1700000000000 implements MigrationInterface {
  up(): Promise<void> {
    return inside();
  }
  async down(): Promise<void> {}
}

/** The way in which many applications make a repository a provider. */
class Articles extends Repository<Article> {
  constructor(dataSource: DataSource) {
    super(Article, dataSource.createEntityManager());
  }
}

checkAfterEach();

describeWith(postgres, 'the doors to a transaction of TypeORM', () => {
  let dataSource: DataSource;
  let articles: Articles;
  let older: QueryRunner;
  let schema: Awaited<ReturnType<typeof freshSchema>>;

  beforeAll(async () => {
    schema = await freshSchema();
    dataSource = new DataSource({
      type: 'postgres',
      replication: { master: { url: schema.url }, slaves: [{ url: schema.url }] },
      entities: [Article],
      migrations: [Seed1700000000000],
      synchronize: true,
      logger: {
        logQuery() {},
        logQueryError() {},
        logQuerySlow() {},
        logSchemaBuild() {},
        logMigration() {},
        log() {},
      },
    });
    // Providers are built before any module is initialised.
    articles = new Articles(dataSource);
    older = dataSource.createQueryRunner();
    trackTypeOrmTransactions(dataSource);
    await dataSource.initialize();
  });
  beforeEach(async () => {
    await dataSource.getRepository(Article).clear();
    await dataSource.query('drop table if exists migrations');
  });
  afterAll(async () => {
    await older.release();
    await dataSource.destroy();
    await schema.drop();
  });

  const onRunner =
    (
      make: () => QueryRunner,
      begin: (runner: QueryRunner) => Promise<unknown>,
      end = commits,
    ): Door =>
    async (work) => {
      const runner = make();
      await runner.connect();
      try {
        await begin(runner);
        await work();
        await end.commit(runner);
      } catch (error) {
        await end.rollback(runner);
        throw error;
      } finally {
        if (runner !== older) await runner.release();
      }
    };
  const commits = {
    commit: (runner: QueryRunner): Promise<unknown> => runner.commitTransaction(),
    rollback: (runner: QueryRunner): Promise<unknown> => runner.rollbackTransaction(),
  };
  const raw = {
    commit: (runner: QueryRunner): Promise<unknown> => runner.query('COMMIT'),
    rollback: (runner: QueryRunner): Promise<unknown> => runner.query('ROLLBACK'),
  };
  /** Work that TypeORM itself puts in a transaction. */
  const ofItsOwnAccord =
    (begin: () => Promise<unknown>): Door =>
    async (work) => {
      inside = work;
      try {
        await begin();
      } finally {
        inside = async () => {};
      }
    };

  describeDoors({
    byCallback: {
      'dataSource.transaction': (work) => dataSource.transaction(work),
      'dataSource.transaction with a level': (work) => dataSource.transaction('SERIALIZABLE', work),
      'dataSource.manager.transaction': (work) => dataSource.manager.transaction(work),
      'repository.manager.transaction': (work) =>
        dataSource.getRepository(Article).manager.transaction(work),
      'the manager of an extended repository': (work) =>
        dataSource.getRepository(Article).extend({}).manager.transaction(work),
      'dataSource.createEntityManager().transaction': (work) =>
        dataSource.createEntityManager().transaction(work),
      'new EntityManager(dataSource).transaction': (work) =>
        new EntityManager(dataSource).transaction(work),
      'a manager that was made before': (work) => articles.manager.transaction(work),
      'queryRunner.manager.transaction': async (work) => {
        const runner = dataSource.createQueryRunner();
        try {
          await runner.manager.transaction(work);
        } finally {
          await runner.release();
        }
      },
      'a savepoint by manager.transaction': (work) =>
        dataSource.transaction((manager) => manager.transaction(work)),
      'repository.save, in a listener of its entity': ofItsOwnAccord(() =>
        dataSource.getRepository(Article).save(Object.assign(new Article(), { id: 'tea' })),
      ),
      'runMigrations, all in one': ofItsOwnAccord(() => dataSource.runMigrations()),
      'runMigrations, each in its own': ofItsOwnAccord(() =>
        dataSource.runMigrations({ transaction: 'each' }),
      ),
    },
    byStatements: {
      'queryRunner.startTransaction': onRunner(
        () => dataSource.createQueryRunner(),
        (runner) => runner.startTransaction(),
      ),
      'queryRunner.startTransaction on a replica': onRunner(
        () => dataSource.createQueryRunner('slave'),
        (runner) => runner.startTransaction(),
      ),
      'the query runner of a manager': onRunner(
        () => dataSource.createEntityManager(dataSource.createQueryRunner()).queryRunner!,
        (runner) => runner.startTransaction(),
      ),
    },
    notCovered: {
      "queryRunner.query('BEGIN')": onRunner(
        () => dataSource.createQueryRunner(),
        (runner) => runner.query('BEGIN'),
        raw,
      ),
      'a query runner that was made before': onRunner(
        () => older,
        (runner) => runner.startTransaction(),
      ),
    },
  });
});
