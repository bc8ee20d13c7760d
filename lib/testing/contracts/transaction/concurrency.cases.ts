import { runInScope } from '../../../core/functions.js';
import { ExpectedError, swallowed } from '../expected-error.js';
import type { TransactionSuite } from './transaction-suite.js';

const MANY = Array.from({ length: 20 }, (_, index) => index);

type End = 'commits' | 'rolls back';

/**
 * Defines that transactions, scopes and data sources that are used at the same time do not affect
 * each other (rule 18).
 * @internal
 */
export function concurrencyCases(suite: TransactionSuite): void {
  const { first, second } = suite;

  /** Runs a transaction of two steps with a turn of the event loop in between. */
  const work = async (name: string, end: End): Promise<void> => {
    const running = suite.client.transaction(async (tx) => {
      await first.step(tx, `${name}, step 1`);
      await new Promise((resolve) => setImmediate(resolve));
      await first.step(tx, `${name}, step 2`);
      if (end === 'rolls back') throw new ExpectedError();
    });
    await endingAs(end, () => running);
  };
  const stepsOf = (...names: readonly string[]): string[] =>
    names.flatMap((name) => [`${name}, step 1`, `${name}, step 2`]);

  suite.when(
    'transactions run in parallel in one scope',
    () => {
      suite.it('gives each call the ending of its own', async () => {
        await runInScope(() =>
          Promise.all([
            work('a', 'commits'),
            work('b', 'rolls back'),
            work('c', 'commits'),
            work('d', 'rolls back'),
          ]),
        );
        await suite.settled(stepsOf('a', 'c'));
      });
    },
    suite.lacks.secondWriter,
  );

  suite.when('several transactions of one scope call an effect under one dedupe key', () => {
    suite.it('lets the first of those out that commit', async () => {
      const keyed = (name: string, end: End): Promise<void> => {
        const running = suite.client.transaction(async (tx) => {
          await first.step(tx, name, { dedupeKey: 'key' });
          if (end === 'rolls back') throw new ExpectedError();
        });
        return endingAs(end, () => running);
      };
      await runInScope(async () => {
        await keyed('a', 'rolls back');
        await keyed('b', 'commits');
        await keyed('c', 'commits');
      });
      await suite.leaves({ rows: ['b', 'c'], out: ['b'] });
    });
  });

  suite.when(
    `${MANY.length} scopes run at the same time`,
    () => {
      suite.it('keeps them apart', async () => {
        const scopes = MANY.map((index) =>
          runInScope(async () => {
            await first.step(suite.client, `${index}, before`);
            await work(`${index}`, index % 2 === 0 ? 'commits' : 'rolls back');
            if (index % 4 === 0) throw new ExpectedError();
          }),
        );
        const ends = await Promise.allSettled(scopes);
        suite.same(
          ends.map(({ status }) => status),
          MANY.map((index) => (index % 4 === 0 ? 'rejected' : 'fulfilled')),
        );
        const rowsOf = (index: number): string[] => [
          `${index}, before`,
          ...(index % 2 === 0 ? stepsOf(`${index}`) : []),
        ];
        await suite.leaves({
          rows: MANY.flatMap(rowsOf),
          out: MANY.filter((index) => index % 4 !== 0).flatMap(rowsOf),
        });
      });
    },
    suite.lacks.secondWriter,
  );

  suite.when(
    'a transaction is independent of the one around it (REQUIRES_NEW)',
    () => {
      suite.it('commits although that one rolls back', async () => {
        await runInScope(() =>
          swallowed(() =>
            suite.client.transaction(async (outer) => {
              await first.step(outer, 'outer');
              await work('inner', 'commits');
              await first.step(outer, 'outer again');
              throw new ExpectedError();
            }),
          ),
        );
        await suite.settled(stepsOf('inner'));
      });

      suite.it('rolls back alone', async () => {
        await runInScope(() =>
          suite.client.transaction(async (outer) => {
            await first.step(outer, 'outer');
            await work('inner', 'rolls back');
            await first.step(outer, 'outer again');
          }),
        );
        await suite.settled(['outer', 'outer again']);
      });

      suite.it('lets out at its own commit what a scope in it deferred', async () => {
        await suite.client.transaction(async (outer) => {
          await runInScope(() => first.step(outer, 'outer'));
          await suite.client.transaction((inner) => runInScope(() => first.step(inner, 'inner')));
          suite.same(first.outSoFar, ['inner']);
        });
        await suite.settled(['outer', 'inner']);
      });
    },
    suite.lacks.server,
  );

  suite.when('two data sources are in use', () => {
    suite.it(
      'lets out what was called in the one that commits, and nothing of the other',
      async () => {
        await runInScope(async () => {
          await suite.client.transaction((tx) => first.step(tx, 'first'));
          await swallowed(() =>
            second.client.transaction(async (tx) => {
              await second.step(tx, 'second');
              throw new ExpectedError();
            }),
          );
        });
        await suite.settled(['first']);
        await suite.settled([], second);
      },
    );

    for (const ending of ['commits', 'rolls back'] as const) {
      const other = ending === 'commits' ? 'rolls back' : 'commits';
      suite.it(
        `takes the innermost: one that ${ending} inside one that ${other}`,
        async () => {
          await runInScope(() =>
            endingAs(other, () =>
              suite.client.transaction(async (outer) => {
                await first.step(outer, 'before');
                await endingAs(ending, () =>
                  second.client.transaction(async (inner) => {
                    await second.step(inner, 'inner');
                    if (ending === 'rolls back') throw new ExpectedError();
                  }),
                );
                await first.step(outer, 'after');
                if (other === 'rolls back') throw new ExpectedError();
              }),
            ),
          );
          await suite.settled(other === 'commits' ? ['before', 'after'] : []);
          await suite.settled(ending === 'commits' ? ['inner'] : [], second);
        },
        suite.lacks.server,
      );
    }
  });
}

async function endingAs(end: End, running: () => Promise<void>): Promise<void> {
  await (end === 'commits' ? running() : swallowed(running));
}
