import { enqueue, openScope, runInScope } from '../../../core/functions.js';
import { ExpectedError, swallowed } from '../expected-error.js';
import type { TransactionSuite } from './transaction-suite.js';

/**
 * Defines what the transaction decides, and what the scope decides (rules 20 and 22).
 * @internal
 */
export function scopeCases(suite: TransactionSuite): void {
  const { first } = suite;

  suite.when('a scope ends inside an open transaction', () => {
    suite.it(
      'reports its effects as deferred, and lets them out once the commit is done',
      async () => {
        await suite.client.transaction(async (tx) => {
          const scope = openScope();
          await scope.run(() => first.step(tx, 'inside'));
          const { deferred, dispatched } = await scope.end('completed');
          suite.same([deferred.map(({ name }) => name), dispatched], [['inside'], []]);
          suite.same(first.outSoFar, []);
        });
        await suite.settled(['inside']);
      },
    );

    suite.it('drops them if the transaction rolls back', async () => {
      await swallowed(() =>
        suite.client.transaction(async (tx) => {
          await runInScope(() => first.step(tx, 'inside'));
          throw new ExpectedError();
        }),
      );
      await suite.settled([]);
    });

    suite.it('drops what its own outcome drops, although the rows are there', async () => {
      await suite.client.transaction(async (tx) => {
        await runInScope(() => first.step(tx, 'kept'));
        await swallowed(() =>
          runInScope(async () => {
            await first.step(tx, 'dropped');
            throw new ExpectedError();
          }),
        );
      });
      await suite.leaves({ rows: ['kept', 'dropped'], out: ['kept'] });
    });
  });

  suite.when('a transaction ends inside a scope', () => {
    suite.it('lets nothing out before the scope ends', async () => {
      await runInScope(async () => {
        await suite.client.transaction((tx) => first.step(tx, 'inside'));
        suite.same(first.outSoFar, []);
      });
      await suite.settled(['inside']);
    });

    suite.it(
      'lets effects out in the order of their calls, whatever their transactions',
      async () => {
        await runInScope(async () => {
          await first.step(suite.client, '1');
          await suite.client.transaction((tx) => first.step(tx, '2'));
          await first.step(suite.client, '3');
          await suite.client.transaction((tx) => first.step(tx, '4'));
        });
        suite.same(first.outSoFar, ['1', '2', '3', '4']);
      },
    );

    suite.it('takes along what a nested scope handed up', async () => {
      await runInScope(async () => {
        await swallowed(() =>
          suite.client.transaction(async (tx) => {
            await runInScope(() => first.step(tx, 'nested'));
            throw new ExpectedError();
          }),
        );
        await suite.client.transaction((tx) => runInScope(() => first.step(tx, 'kept')));
      });
      await suite.settled(['kept']);
    });
  });

  suite.when('an effect runs', () => {
    suite.it('stands in no transaction, and may begin its own', async () => {
      await suite.client.transaction((tx) =>
        runInScope(async () => {
          await first.step(tx, 'cause');
          enqueue(async () => {
            await swallowed(() =>
              suite.client.transaction(async (own) => {
                await first.step(own, 'rolled back');
                throw new ExpectedError();
              }),
            );
            await suite.client.transaction((own) => first.step(own, 'consequence'));
          });
        }),
      );
      await suite.settled(['cause', 'consequence']);
    });
  });
}
