import { runInScope } from '../../../core/functions.js';
import { ExpectedError, swallowed } from '../expected-error.js';
import type { TransactionSuite } from './transaction-suite.js';

/** Defines what a savepoint does to the effects called in it (rule 21). @internal */
export function savepointCases(suite: TransactionSuite): void {
  const { first } = suite;

  suite.when(
    'a savepoint is released',
    () => {
      suite.it('lets nothing out before the commit', async () => {
        await suite.client.transaction(async (tx) => {
          await runInScope(() => tx.savepoint!((inner) => first.step(inner, 'inside')));
          suite.same(first.outSoFar, []);
        });
        await suite.settled(['inside']);
      });

      suite.it('goes out with the transaction or not at all, from then on', async () => {
        await runInScope(async () => {
          await swallowed(() =>
            suite.client.transaction(async (tx) => {
              await tx.savepoint!((inner) => first.step(inner, 'released'));
              throw new ExpectedError();
            }),
          );
          await first.step(suite.client, 'after');
        });
        await suite.settled(['after']);
      });

      suite.it('goes out with the savepoint around it or not at all', async () => {
        await runInScope(() =>
          suite.client.transaction(async (tx) => {
            await first.step(tx, 'before');
            await swallowed(() =>
              tx.savepoint!(async (outer) => {
                await outer.savepoint!((inner) => first.step(inner, 'released'));
                await first.step(outer, 'outer');
                throw new ExpectedError();
              }),
            );
            await first.step(tx, 'after');
          }),
        );
        await suite.settled(['before', 'after']);
      });
    },
    suite.lacks.savepoints,
  );

  suite.when(
    'savepoints are begun side by side on one connection',
    () => {
      const inTurn = suite.options.savepointsInTurn === true;

      for (const ending of ['both complete', 'one fails'] as const) {
        suite.it(
          inTurn
            ? `runs them one after the other: ${ending}`
            : `refuses effects in them, and commits nothing where that is swallowed: ${ending}`,
          async () => {
            const ends: PromiseSettledResult<unknown>[] = [];
            let refusal: unknown;
            await runInScope(async () => {
              refusal = await suite.client
                .transaction(async (tx) => {
                  await first.step(tx, 'root');
                  const a = tx.savepoint!(async (inner) => {
                    await first.step(inner, 'a');
                    if (ending === 'one fails') throw new ExpectedError();
                  });
                  ends.push(
                    ...(await Promise.allSettled([
                      a,
                      tx.savepoint!((inner) => first.step(inner, 'b')),
                    ])),
                  );
                })
                .catch((error: unknown) => error);
              await first.step(suite.client, 'after');
            });
            suite.same(ends[1]!.status, inTurn ? 'fulfilled' : 'rejected');
            suite.same(
              (refusal as Error | undefined)?.name,
              inTurn ? undefined : 'FrameStateError',
            );
            const kept = ending === 'one fails' ? ['root', 'b'] : ['root', 'a', 'b'];
            await suite.settled([...(inTurn ? kept : []), 'after']);
          },
        );
      }

      suite.it('keeps them where each is awaited before the next', async () => {
        await runInScope(() =>
          suite.client.transaction(async (tx) => {
            await tx.savepoint!((inner) => first.step(inner, 'a'));
            await tx.savepoint!(async (inner) => {
              await first.step(inner, 'b');
              await inner.savepoint!((deep) => first.step(deep, 'c'));
            });
            await swallowed(() => tx.savepoint!((inner) => refuseAfter(first.step(inner, 'd'))));
          }),
        );
        await suite.settled(['a', 'b', 'c']);
      });

      suite.it(
        'leaves nothing of a refusal to the next transaction',
        async () => {
          await runInScope(async () => {
            await swallowed(() =>
              suite.client.transaction((tx) =>
                Promise.allSettled(
                  ['a', 'b'].map((one) => tx.savepoint!((inner) => first.step(inner, one))),
                ),
              ),
            );
            await suite.client.transaction((tx) =>
              tx.savepoint!((inner) => first.step(inner, 'kept')),
            );
          });
          await suite.settled(['kept']);
        },
        inTurn && 'nothing is refused',
      );
    },
    suite.lacks.savepoints,
  );

  suite.when(
    'a transaction ends before a savepoint in it',
    () => {
      const commitWithOneOpen = async (): Promise<void> => {
        let open!: () => void;
        const gate = new Promise<void>((resolve) => (open = resolve));
        let leftBehind!: Promise<unknown>;
        let begun!: Promise<void>;
        try {
          await suite.client.transaction(async (tx) => {
            await first.step(tx, 'root');
            begun = new Promise((resolve) => {
              leftBehind = tx.savepoint!(async (inner) => {
                await first.step(inner, 'in the savepoint');
                resolve();
                await gate;
              }).catch(() => {});
            });
            await begun;
          });
        } finally {
          open();
          await leftBehind;
        }
      };

      if (suite.options.commitReleasesSavepoints === true) {
        suite.it('commits both, as the database does', async () => {
          await runInScope(commitWithOneOpen);
          await suite.settled(['root', 'in the savepoint']);
        });
      } else {
        suite.it(
          'is rolled back and says so, and nothing of either is stored or gets out',
          async () => {
            await runInScope(() => swallowed(commitWithOneOpen));
            await suite.settled([]);
          },
        );
      }
    },
    suite.lacks.savepoints,
  );

  suite.when(
    'a savepoint is rolled back',
    () => {
      suite.it('leaves the savepoint around it as it was', async () => {
        await runInScope(() =>
          suite.client.transaction((tx) =>
            tx.savepoint!(async (outer) => {
              await first.step(outer, 'before');
              await swallowed(() =>
                outer.savepoint!((inner) => refuseAfter(first.step(inner, 'inner'))),
              );
              await first.step(outer, 'after');
            }),
          ),
        );
        await suite.settled(['before', 'after']);
      });

      suite.it('keeps only the try that succeeds', async () => {
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

      suite.it('takes back what a statement failed after, too', async () => {
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
    },
    suite.lacks.savepoints,
  );
}

async function refuseAfter(step: Promise<void>): Promise<never> {
  await step;
  throw new ExpectedError();
}
