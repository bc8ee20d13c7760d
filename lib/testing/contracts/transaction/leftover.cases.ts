import { runInScope } from '../../../core/functions.js';
import type { ContractTransaction } from './transaction-contract.js';
import { ExpectedError, swallowed } from '../expected-error.js';
import type { TransactionSuite } from './transaction-suite.js';

type Work = (tx: ContractTransaction) => Promise<void>;

/**
 * Defines what becomes of work that is not awaited where it was begun, and goes on after its
 * transaction has ended.
 * @internal
 */
export function leftoverCases(suite: TransactionSuite): void {
  const { first } = suite;

  /** Begins `work` inside a transaction, and lets it go on once that has ended as `end` says. */
  const leftBehind = async (
    end: 'commits' | 'rolls back',
    work: (goOn: Promise<void>) => Promise<void>,
    begin: (fn: Work) => Promise<void> = (fn) => suite.client.transaction(fn),
  ): Promise<void> => {
    let open!: () => void;
    const gate = new Promise<void>((resolve) => (open = resolve));
    let leftover!: Promise<void>;
    const running = begin(async (tx) => {
      leftover = work(gate);
      await first.step(tx, 'inside');
      if (end === 'rolls back') throw new ExpectedError();
    });
    await (end === 'commits' ? running : swallowed(() => running));
    open();
    await leftover;
  };

  const late = async (goOn: Promise<void>): Promise<void> => {
    await goOn;
    await first.step(suite.client, 'late');
  };

  suite.when('work that a transaction has left behind calls an effect', () => {
    suite.it('lets it out with the scope, after a transaction that commits', async () => {
      await runInScope(() => leftBehind('commits', late));
      await suite.settled(['inside', 'late']);
    });

    suite.it(
      'drops it, after a transaction that rolls back',
      async () => {
        await runInScope(() => leftBehind('rolls back', late));
        await suite.leaves({ rows: ['late'], out: [] });
      },
      suite.lacks.callbacks,
    );

    suite.it(
      'drops it in a nested scope as well, such as that of a listener, whenever it was opened',
      async () => {
        await runInScope(() =>
          leftBehind('rolls back', async (goOn) => {
            await runInScope(() => late(goOn));
            await runInScope(() => first.tell('later'));
          }),
        );
        await suite.leaves({ rows: ['late'], out: [] });
      },
      suite.lacks.callbacks,
    );

    suite.it('lets it out where it survives a rollback', async () => {
      await runInScope(() =>
        leftBehind('rolls back', async (goOn) => {
          await goOn;
          first.tell('alarm', { survivesRollback: true });
        }),
      );
      await suite.leaves({ rows: [], out: ['alarm'] });
    });

    suite.it(
      'lets it out with a transaction of its own',
      async () => {
        await runInScope(() =>
          leftBehind('rolls back', async (goOn) => {
            await goOn;
            await suite.client.transaction((tx) => first.step(tx, 'independent'));
            await first.step(suite.client, 'late');
          }),
        );
        await suite.leaves({ rows: ['independent', 'late'], out: ['independent'] });
      },
      suite.lacks.callbacks,
    );

    suite.it(
      'lets it out in a scope begun apart, as that of a poller, where the transaction was in none',
      async () => {
        await leftBehind('rolls back', async (goOn) => {
          await goOn;
          await runInScope(() => first.step(suite.client, 'tick'));
        });
        await suite.settled(['tick']);
      },
    );

    suite.it(
      'drops it in a scope that was opened inside the transaction',
      async () => {
        await leftBehind('rolls back', (goOn) => runInScope(() => late(goOn)));
        await suite.leaves({ rows: ['late'], out: [] });
      },
      suite.lacks.callbacks,
    );

    suite.it(
      'drops it, after a savepoint that rolls back in a transaction that commits',
      async () => {
        await runInScope(() =>
          suite.client.transaction(async (tx) => {
            await first.step(tx, 'before');
            await leftBehind(
              'rolls back',
              async (goOn) => {
                await goOn;
                first.tell('late');
              },
              (fn) => tx.savepoint!(fn),
            );
          }),
        );
        await suite.settled(['before']);
      },
      suite.lacks.savepoints || suite.lacks.callbacks,
    );

    suite.it(
      'leaves it to the transaction that is still open, after a savepoint that is released',
      async () => {
        await runInScope(() =>
          swallowed(() =>
            suite.client.transaction(async (tx) => {
              await leftBehind(
                'commits',
                async (goOn) => {
                  await goOn;
                  first.tell('late');
                },
                (fn) => tx.savepoint!(fn),
              );
              throw new ExpectedError();
            }),
          ),
        );
        await suite.settled([]);
      },
      suite.lacks.savepoints || suite.lacks.callbacks,
    );

    suite.it(
      'drops it, after a savepoint that is released in a transaction that rolls back',
      async () => {
        await runInScope(() =>
          leftBehind('rolls back', late, (fn) =>
            suite.client.transaction((tx) => tx.savepoint!(fn)),
          ),
        );
        await suite.leaves({ rows: ['late'], out: [] });
      },
      suite.lacks.savepoints || suite.lacks.callbacks,
    );
  });
}
