import { enqueue, runInScope } from 'nestjs-airlock';
import {
  type AfterQueryEvent,
  type DataSource,
  type EntitySubscriberInterface,
  EventSubscriber,
  type QueryRunner,
} from 'typeorm';
import { connected, Order, ordersIn } from '../integrations/typeorm/fixtures.js';
import { describeWith, postgres } from '../servers.js';
import { checkAfterEach, send, sent } from '../unit/core/fixtures.js';

checkAfterEach();

type Moment =
  | 'beforeTransactionCommit'
  | 'afterTransactionCommit'
  | 'beforeTransactionRollback'
  | 'afterTransactionRollback'
  | 'afterQuery';

/** Called at every moment; what it does is up to each test. */
let tell: (moment: Moment, queryRunner: QueryRunner) => unknown = () => {};

@EventSubscriber()
class Auditor implements EntitySubscriberInterface {
  async beforeTransactionCommit({ queryRunner }: { queryRunner: QueryRunner }): Promise<void> {
    await tell('beforeTransactionCommit', queryRunner);
  }
  async afterTransactionCommit({ queryRunner }: { queryRunner: QueryRunner }): Promise<void> {
    await tell('afterTransactionCommit', queryRunner);
  }
  async beforeTransactionRollback({ queryRunner }: { queryRunner: QueryRunner }): Promise<void> {
    await tell('beforeTransactionRollback', queryRunner);
  }
  async afterTransactionRollback({ queryRunner }: { queryRunner: QueryRunner }): Promise<void> {
    await tell('afterTransactionRollback', queryRunner);
  }
  afterQuery({ query, queryRunner }: AfterQueryEvent): void {
    if (/^(COMMIT|ROLLBACK)/.test(query)) tell('afterQuery', queryRunner);
  }
}

describeWith(postgres, 'the subscribers of TypeORM', () => {
  let dataSource: DataSource;
  let close: () => Promise<void>;

  beforeAll(async () => {
    ({ dataSource, close } = await connected({ subscribers: [Auditor] }));
  });
  beforeEach(async () => {
    tell = () => {};
    await dataSource.getRepository(Order).clear();
  });
  afterAll(() => close());

  const refuse = (): never => {
    throw new Error('no stock');
  };
  const byCallback = async (end: 'commits' | 'rolls back'): Promise<void> => {
    await dataSource
      .transaction(async () => {
        enqueue(send, 'inside');
        if (end === 'rolls back') refuse();
      })
      .catch(() => {});
  };
  const byStatements = async (end: 'commits' | 'rolls back'): Promise<void> => {
    const runner = dataSource.createQueryRunner();
    await runner.connect();
    await runner.startTransaction();
    enqueue(send, 'inside');
    await (end === 'commits' ? runner.commitTransaction() : runner.rollbackTransaction());
    await runner.release();
  };

  describe.each([
    ['by a callback', byCallback],
    ['by statements', byStatements],
  ])('when they call effects around the end of a transaction %s', (_style, transaction) => {
    beforeEach(() => (tell = (moment) => enqueue(send, moment)));

    it('lets out what is called after a rollback, and nothing that is called before it', async () => {
      await runInScope(() => transaction('rolls back'));
      expect(sent).toEqual(['afterQuery', 'afterTransactionRollback']);
    });

    it('lets out all of it around a commit', async () => {
      await runInScope(() => transaction('commits'));
      expect(sent).toEqual([
        'inside',
        'beforeTransactionCommit',
        'afterQuery',
        'afterTransactionCommit',
      ]);
    });

    it('gives what is called after an end to the transaction around it', async () => {
      await runInScope(async () => {
        await dataSource
          .transaction(async () => {
            await transaction('rolls back');
            await transaction('commits');
            tell = () => {};
            refuse();
          })
          .catch(() => {});
      });
      expect(sent).toEqual(['inside', 'beforeTransactionCommit']);
    });
  });

  describe('when one of them begins a transaction of its own at such a moment', () => {
    it('keeps it apart from the one that is over', async () => {
      tell = async (moment, runner) => {
        if (moment !== 'afterTransactionRollback') return;
        tell = () => {};
        await runner.manager.transaction(async (manager) => {
          await manager.insert(Order, { id: 'audit' });
          enqueue(send, 'audit');
        });
      };
      await runInScope(() => byCallback('rolls back'));
      expect([sent, await ordersIn(dataSource)]).toEqual([['audit'], ['audit']]);
    });
  });
});
