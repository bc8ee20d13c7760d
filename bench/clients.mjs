// Transactions tracked against not, on each client: three statements and an effect, so that what is
// asked before COMMIT is included. Tracking is done on classes, so each side has a process of its
// own, and they take turns.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { atMost, ratioOf, row } from './ratios.mjs';

const clients = ['Prisma', 'Kysely', 'MikroORM', 'Sequelize'];
/** Few at a time: each side then has its turns in which the machine does little else. */
const TRANSACTIONS = 25;
const TURNS = 16;

export async function measure(rounds) {
  const rows = [];
  for (const client of clients) {
    const tracked = await start(client, 'tracked');
    const bare = await start(client, 'bare');
    const [mine, peers] = [[], []];
    for (let i = -2; i < rounds; i++) {
      const turns = { tracked: [], bare: [] };
      for (let turn = 0; turn < TURNS; turn++) {
        turns.tracked.push(await tracked.time());
        turns.bare.push(await bare.time());
      }
      if (i < 0) continue;
      mine.push(Math.min(...turns.tracked));
      peers.push(Math.min(...turns.bare));
    }
    for (const one of [tracked, bare]) await one.end();
    rows.push(
      row(
        `transactions: three statements and an effect with ${client}, tracked`,
        'not tracked',
        ratioOf(mine, peers),
        atMost(1.05),
      ),
    );
  }
  return rows;
}

async function start(client, side) {
  const child = fork(new URL('clients.worker.mjs', import.meta.url), [client, side]);
  const answer = () =>
    new Promise((resolve, reject) => {
      const exited = (code) => reject(new Error(`${client}, ${side}, exited with ${code}`));
      child.once('exit', exited).once('message', (said) => {
        child.off('exit', exited);
        resolve(said);
      });
    });
  await answer();
  return {
    time: () => {
      child.send(TRANSACTIONS);
      return answer();
    },
    end: async () => {
      const exit = once(child, 'exit');
      child.send('end');
      await exit;
    },
  };
}
