import { setTimeout } from 'node:timers/promises';
import { runInScope } from '../../../core/functions.js';
import type { ContractTransaction } from './transaction-contract.js';
import { swallowed } from '../expected-error.js';
import type { TransactionSuite } from './transaction-suite.js';

type Work = (tx: ContractTransaction, kill: () => Promise<void>) => Promise<void>;

/**
 * Defines that a transaction whose connection the server ends leaves no row, and lets no effect
 * out.
 * @internal
 */
export function killedConnectionCases(suite: TransactionSuite): void {
  const { first } = suite;

  const moments: Readonly<Record<string, Work>> = {
    'before the first step': async (tx, kill) => {
      await kill();
      await first.step(tx, 'inside');
    },
    'between two steps': async (tx, kill) => {
      await first.step(tx, 'inside');
      await kill();
      await first.step(tx, 'inside again');
    },
    'between two steps, and the error is swallowed in the transaction': async (tx, kill) => {
      await first.step(tx, 'inside');
      await kill();
      await swallowed(() => first.step(tx, 'inside again'));
    },
    'just before the commit': async (tx, kill) => {
      await first.step(tx, 'inside');
      await kill();
    },
  };

  const momentsInSavepoints: Readonly<Record<string, Work>> = {
    'inside a savepoint': async (tx, kill) => {
      await first.step(tx, 'inside');
      await tx.savepoint!((inner) => moments['between two steps']!(inner, kill));
    },
    'inside a savepoint, and the error is swallowed around it': async (tx, kill) => {
      await first.step(tx, 'before the savepoint');
      await swallowed(() => tx.savepoint!((inner) => moments['between two steps']!(inner, kill)));
    },
    'just before a savepoint is released': async (tx, kill) => {
      await tx.savepoint!((inner) => moments['just before the commit']!(inner, kill));
    },
    'after a savepoint was released': async (tx, kill) => {
      await tx.savepoint!((inner) => first.step(inner, 'released'));
      await kill();
      await first.step(tx, 'inside');
    },
  };

  const keepsTheRest = (work: Work) => async (): Promise<void> => {
    await runInScope(async () => {
      await first.step(suite.client, 'before');
      await swallowed(() =>
        suite.client.transaction(async (tx) => work(tx, await killer(suite, tx))),
      );
      await recovered(suite);
      await suite.client.transaction((tx) => first.step(tx, 'after'));
    });
    await suite.settled(['before', 'after']);
  };

  suite.when(
    'the server kills the connection of a transaction',
    () => {
      for (const [moment, work] of Object.entries(moments)) {
        suite.it(`drops what was called in it, and nothing else: ${moment}`, keepsTheRest(work));
      }
      for (const [moment, work] of Object.entries(momentsInSavepoints)) {
        suite.it(
          `drops what was called in it, and nothing else: ${moment}`,
          keepsTheRest(work),
          suite.lacks.savepoints,
        );
      }

      suite.it('drops what a scope inside had deferred to it', async () => {
        await swallowed(() =>
          suite.client.transaction(async (tx) => {
            const kill = await killer(suite, tx);
            await runInScope(() => first.step(tx, 'inside'));
            await kill();
          }),
        );
        await recovered(suite);
        await suite.settled([]);
      });
    },
    suite.lacks.server,
  );
}

/**
 * @returns a function that ends the connection of a transaction, and resolves when the server has
 *   done so
 */
async function killer(
  { client, dialect }: TransactionSuite,
  tx: ContractTransaction,
): Promise<() => Promise<void>> {
  const connections = dialect.connections!;
  const [found] = await tx.query(connections.own);
  const id = Number(found!.id);
  return async () => {
    await client.query(connections.kill(id));
    while ((await client.query(connections.find(id))).length > 0) await setTimeout(2);
  };
}

/** Waits until the pool of the client has noticed that a connection is gone. */
async function recovered({ client }: TransactionSuite): Promise<void> {
  for (let answers = 0; answers < 3;) {
    await setTimeout(5);
    answers = await client.query('select 1').then(
      () => answers + 1,
      () => 0,
    );
  }
}
