import { runInScope } from '../../../core/functions.js';
import { ExpectedError, swallowed } from '../expected-error.js';
import type { TransactionSuite } from './transaction-suite.js';

/** Defines `survivesRollback` and `on`, by effects that name no row. @internal */
export function triggerCases(suite: TransactionSuite): void {
  const { first } = suite;

  /** Makes calls of each kind in a transaction that rolls back. */
  const rolledBack = (): Promise<void> =>
    suite.client.transaction(async (tx) => {
      await first.step(tx, 'row');
      first.tell('failure', { on: 'failure' });
      first.tell('always', { on: 'always' });
      first.tell('surviving', { survivesRollback: true });
      first.tell('surviving failure', { on: 'failure', survivesRollback: true });
      first.tell('surviving always', { on: 'always', survivesRollback: true });
      throw new ExpectedError();
    });

  suite.when('calls of each kind are made in a transaction that rolls back', () => {
    suite.it(
      'lets out those that survive it and have their outcome, where the scope completes',
      async () => {
        await runInScope(() => swallowed(rolledBack));
        await suite.leaves({ rows: [], out: ['surviving', 'surviving always'] });
      },
    );

    suite.it(
      'lets out those that survive it and have their outcome, where the scope fails',
      async () => {
        await swallowed(() => runInScope(rolledBack));
        await suite.leaves({ rows: [], out: ['surviving failure', 'surviving always'] });
      },
    );

    suite.it('lets out at once what survives it in a scope that ends inside', async () => {
      await swallowed(() =>
        suite.client.transaction(async () => {
          await runInScope(() => {
            first.tell('surviving', { survivesRollback: true });
            first.tell('ordinary');
          });
          suite.same(first.outSoFar, ['surviving']);
          throw new ExpectedError();
        }),
      );
      await suite.leaves({ rows: [], out: ['surviving'] });
    });
  });

  suite.when('calls for a failure are made in a transaction that commits', () => {
    for (const [ending, out] of [
      ['fails', ['failure', 'always']],
      ['completes', ['always']],
    ] as const) {
      suite.it(`lets out what the scope decides, where it ${ending}`, async () => {
        const running = runInScope(async () => {
          await suite.client.transaction(async (tx) => {
            await first.step(tx, 'always', { on: 'always' });
            first.tell('failure', { on: 'failure' });
          });
          if (ending === 'fails') throw new ExpectedError();
        });
        await (ending === 'fails' ? swallowed(() => running) : running);
        await suite.leaves({ rows: ['always'], out });
      });
    }

    suite.it(
      'makes an ordinary call of the failure of a scope inside, which waits for the commit',
      async () => {
        await suite.client.transaction(async () => {
          await swallowed(() =>
            runInScope(() => {
              first.tell('failure', { on: 'failure' });
              throw new ExpectedError();
            }),
          );
          suite.same(first.outSoFar, []);
        });
        await suite.leaves({ rows: [], out: ['failure'] });
      },
    );
  });
}
