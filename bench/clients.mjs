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
/** Until V8 has compiled what a server that runs for long has compiled. */
const WARM_UP = 3000;

export async function measure(rounds) {
  const rows = [];
  for (const client of clients) {
    const [mine, peers] = [[], []];
    for (let i = 0; i < rounds; i++) {
      // A new pair each time: two processes of the same code differ by some per cent.
      const sides = [await start(client, 'tracked'), await start(client, 'bare')];
      for (const side of sides) await side.time(WARM_UP);
      const [tracked, bare] = await fastest(sides);
      mine.push(tracked);
      peers.push(bare);
      for (const side of sides) await side.end();
    }
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

/** The time of each side's fastest turn. */
async function fastest(sides) {
  const times = sides.map(() => Infinity);
  for (let turn = 0; turn < TURNS; turn++)
    for (const [i, side] of sides.entries())
      times[i] = Math.min(times[i], await side.time(TRANSACTIONS));
  return times;
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
    time: (transactions) => {
      child.send(transactions);
      return answer();
    },
    end: async () => {
      const exit = once(child, 'exit');
      child.send('end');
      await exit;
    },
  };
}
