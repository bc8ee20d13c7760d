import { runInScope } from '../../core/functions.js';
import { type ContractSuite, Refusal, swallowed } from './contract-suite.js';

/** @internal */
export function savepointCases(suite: ContractSuite): void {
  const { first } = suite;

  suite.when('a savepoint is released', () => {
    suite.itWithSavepoints('lets nothing out before the commit', async () => {
      await suite.client.transaction(async (tx) => {
        await runInScope(() => tx.savepoint!((inner) => first.step(inner, 'inside')));
        suite.same(first.outSoFar, []);
      });
      await suite.settled(['inside']);
    });

    suite.itWithSavepoints('shares the fate of the transaction from then on', async () => {
      await runInScope(async () => {
        await swallowed(() =>
          suite.client.transaction(async (tx) => {
            await tx.savepoint!((inner) => first.step(inner, 'released'));
            throw new Refusal();
          }),
        );
        await first.step(suite.client, 'after');
      });
      await suite.settled(['after']);
    });

    suite.itWithSavepoints('shares the fate of the savepoint around it', async () => {
      await runInScope(() =>
        suite.client.transaction(async (tx) => {
          await first.step(tx, 'before');
          await swallowed(() =>
            tx.savepoint!(async (outer) => {
              await outer.savepoint!((inner) => first.step(inner, 'released'));
              await first.step(outer, 'outer');
              throw new Refusal();
            }),
          );
          await first.step(tx, 'after');
        }),
      );
      await suite.settled(['before', 'after']);
    });
  });

  suite.when('a savepoint is rolled back', () => {
    suite.itWithSavepoints('leaves the savepoint around it as it was', async () => {
      await runInScope(() =>
        suite.client.transaction((tx) =>
          tx.savepoint!(async (outer) => {
            await first.step(outer, 'before');
            await swallowed(() => outer.savepoint!((inner) => refuseAfter(first.step(inner, 'inner'))));
            await first.step(outer, 'after');
          }),
        ),
      );
      await suite.settled(['before', 'after']);
    });

    suite.itWithSavepoints('keeps only the try that succeeds', async () => {
      await runInScope(() =>
        suite.client.transaction(async (tx) => {
          for (const name of ['first try', 'second try']) {
            await swallowed(() => tx.savepoint!((inner) => refuseAfter(first.step(inner, name))));
          }
          await tx.savepoint!((inner) => first.step(inner, 'third try'));
        }),
      );
      await suite.settled(['third try']);
    });

    suite.itWithSavepoints('takes back what a statement failed after, too', async () => {
      await runInScope(() =>
        suite.client.transaction(async (tx) => {
          await first.step(tx, 'before');
          await swallowed(() =>
            tx.savepoint!(async (inner) => {
              await first.step(inner, 'inside');
              await first.step(inner, 'before');
            }),
          );
          await first.step(tx, 'after');
        }),
      );
      await suite.settled(['before', 'after']);
    });
  });
}

async function refuseAfter(step: Promise<void>): Promise<never> {
  await step;
  throw new Refusal();
}
