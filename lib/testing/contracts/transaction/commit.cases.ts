import { runInScope } from '../../../core/functions.js';
import { type ContractSuite, swallowed } from './contract-suite.js';

/** @internal */
export function commitCases(suite: ContractSuite): void {
  const { first } = suite;
  const serializable = { isolation: 'serializable' } as const;

  suite.when('a commit fails', () => {
    suite.it('drops what waited for it, and nothing else', async () => {
      await runInScope(async () => {
        await first.step(suite.client, 'before');
        await swallowed(() =>
          suite.client.transaction(async (tx) => {
            await first.step(tx, 'inside');
            await first.stepThatCannotCommit(tx, 'not deferred for ever');
          }),
        );
        await first.step(suite.client, 'after');
      });
      await suite.settled(['before', 'after']);
    });

    suite.it('drops what a scope inside the transaction deferred to it', async () => {
      await swallowed(() =>
        suite.client.transaction((tx) => runInScope(() => first.stepThatCannotCommit(tx, 'inside'))),
      );
      await suite.settled([]);
    });
  });

  suite.when('the error of a statement is swallowed, so that the server rolls back instead of committing', () => {
    suite.it('drops what was called in the transaction, whether the client says so or not', async () => {
      await runInScope(async () => {
        await first.step(suite.client, 'before');
        await suite.client
          .transaction(async (tx) => {
            await first.step(tx, 'inside');
            await swallowed(() => first.step(tx, 'before'));
          })
          .catch(() => {});
        await first.step(suite.client, 'after');
      });
      await suite.settled(['before', 'after']);
    });
  });

  suite.when('a serializable transaction conflicts with another one', () => {
    for (const moment of ['at a statement', 'at the commit'] as const) {
      suite.itOnServer(`keeps only the retry, where the first try fails ${moment}`, async () => {
        let tries = 0;
        let finished = 0;
        const attempt = (): Promise<void> =>
          suite.client.transaction(async (tx) => {
            const name = `try ${++tries}`;
            await first.count(tx);
            if (moment === 'at the commit') await first.step(tx, name);
            if (tries === 1) await suite.client.transaction(compete, serializable);
            if (moment === 'at a statement') await first.step(tx, name);
            finished++;
          }, serializable);
        const compete: Parameters<typeof suite.client.transaction>[0] = async (other) => {
          await first.count(other);
          await first.step(other, 'the other');
        };
        await runInScope(() => attempt().catch(attempt));
        suite.same([tries, finished], [2, moment === 'at a statement' ? 1 : 2]);
        await suite.settled(['the other', 'try 2']);
      });
    }
  });
}
