import { runInScope } from '../../../core/functions.js';
import { ExpectedError, swallowed } from '../expected-error.js';
import { Gate } from '../until.js';
import type { ContractTransaction } from './transaction-contract.js';
import type { TransactionSuite } from './transaction-suite.js';

type Work = (tx: ContractTransaction) => Promise<void>;

/**
 * Defines what becomes of effects where a COMMIT fails, or where the database has rolled back
 * before it (rule 21).
 * @internal
 */
export function commitCases(suite: TransactionSuite): void {
  const { first, dialect } = suite;

  /**
   * Runs work between two steps of a transaction, and swallows the client's error if there is one.
   */
  const between = (work: Work): Promise<void> =>
    runInScope(async () => {
      await first.step(suite.client, 'before');
      await suite.client.transaction(work).catch(() => {});
      await first.step(suite.client, 'after');
    });

  suite.when(
    'a commit fails',
    () => {
      suite.it('drops what waited for it, and nothing else', async () => {
        await between(async (tx) => {
          await first.step(tx, 'inside');
          await first.stepThatCannotCommit(tx, 'not deferred for ever');
        });
        await suite.settled(['before', 'after']);
      });

      suite.it(
        'rejects, and drops what a scope inside the transaction deferred to it',
        async () => {
          await swallowed(() =>
            suite.client.transaction((tx) =>
              runInScope(() => first.stepThatCannotCommit(tx, 'inside')),
            ),
          );
          await suite.settled([]);
        },
      );
    },
    dialect.lacksFailingCommit,
  );

  suite.when('the error of a statement is swallowed', () => {
    suite.it(
      'keeps the rest of the transaction, as the database does',
      async () => {
        await between(async (tx) => {
          await first.step(tx, 'inside');
          await swallowed(() => first.step(tx, 'before'));
          await first.step(tx, 'inside again');
        });
        await suite.settled(['before', 'inside', 'inside again', 'after']);
      },
      dialect.statementsAbort && 'a failed statement aborts the transaction',
    );
  });

  suite.when(
    'the database has rolled back a transaction, and the error of the statement is swallowed',
    () => {
      suite.it(
        'drops what was called in the transaction, whether the client says so or not',
        async () => {
          await between(async (tx) => {
            await first.step(tx, 'inside');
            await swallowed(() => first.step(tx, 'before'));
          });
          await suite.settled(['before', 'after']);
        },
        !dialect.statementsAbort && 'a failed statement undoes itself alone',
      );

      suite.it(
        'drops what was called before and after a deadlock',
        async () => {
          await between(async (tx) => {
            await first.step(tx, 'inside');
            await loseDeadlock(suite, tx);
            first.tell('inside, after the deadlock');
          });
          await suite.settled(['before', 'after']);
        },
        suite.lacks.server ||
          (!dialect.hasDeadlocks && 'no deadlock of this database is told at once'),
      );
    },
  );

  suite.when(
    'a serializable transaction conflicts with another one',
    () => {
      for (const moment of ['at a statement', 'at the commit'] as const) {
        suite.it(`keeps only the retry, where the first try fails ${moment}`, () =>
          retried(suite, moment),
        );
      }
    },
    suite.lacks.server || dialect.lacksConflicts,
  );
}

async function retried(
  suite: TransactionSuite,
  moment: 'at a statement' | 'at the commit',
): Promise<void> {
  const { first, client } = suite;
  const serializable = { isolation: 'serializable' } as const;
  let tries = 0;
  let finished = 0;
  const compete: Work = async (other) => {
    await first.count(other);
    await first.step(other, 'the other');
  };
  const attempt = (): Promise<void> =>
    client.transaction(async (tx) => {
      const name = `try ${++tries}`;
      await first.count(tx);
      if (moment === 'at the commit') await first.step(tx, name);
      if (tries === 1) await client.transaction(compete, serializable);
      if (moment === 'at a statement') await first.step(tx, name);
      finished++;
    }, serializable);
  await runInScope(() => attempt().catch(attempt));
  suite.same([tries, finished], [2, moment === 'at a statement' ? 1 : 2]);
  await suite.settled(['the other', 'try 2']);
}

/**
 * Makes a transaction wait for one that waits for it, and that has written more, so that the
 * database decides against this one.
 */
async function loseDeadlock(
  { first, client }: TransactionSuite,
  tx: ContractTransaction,
): Promise<void> {
  await first.write(tx, 'mine');
  const [holds, goesOn] = [new Gate(), new Gate()];
  const other = client.transaction(async (rival) => {
    for (let row = 0; row < 30; row++) await first.write(rival, `rival ${row}`);
    holds.open();
    await goesOn.opened;
    await first.write(rival, 'mine');
    throw new ExpectedError();
  });
  await holds.opened;
  goesOn.open();
  await swallowed(() => first.write(tx, 'rival 0'));
  await swallowed(() => other);
}
