// Transactions tracked against not, on each client: three statements and an effect, so that what is
// asked before COMMIT is included. Tracking is done on classes, so each side has a process of its
// own, and they take turns.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { atMost, ratioOf, row } from './ratios.mjs';

const clients = ['Prisma', 'Kysely', 'MikroORM', 'Sequelize'];
const TRANSACTIONS = 200;

export async function measure(rounds) {
  const rows = [];
  for (const client of clients) {
    const tracked = await start(client, 'tracked');
    const bare = await start(client, 'bare');
    const [mine, peers] = [[], []];
    for (let i = -2; i < rounds * 2; i++) {
      const a = await tracked.time();
      const b = await bare.time();
      if (i < 0) continue;
      mine.push(a);
      peers.push(b);
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
