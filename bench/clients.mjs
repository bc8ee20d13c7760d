// Transactions tracked against not, on each client: three statements and an effect, so that what is
// asked before COMMIT is included. Tracking is done on classes, so each side has a process of its
// own, and they take turns.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { atMost, medianOf, ratioOf, row } from './ratios.mjs';

const clients = ['Prisma', 'Kysely', 'MikroORM', 'Sequelize'];
/** Few at a time: what else the machine does meanwhile is the same for a turn of each side. */
const TRANSACTIONS = 25;
const TURNS = 24;
/** Until V8 has compiled what a server that runs for long has compiled. */
const WARM_UP = 6000;

export async function measure(rounds) {
  const rows = [];
  for (const client of clients) {
    const pairs = [];
    // A new pair each time: two processes of the same code differ by some per cent.
    for (let i = 0; i < rounds * 2; i++) pairs.push(await measurePair(client));
    const what = `transactions: three statements and an effect with ${client}, tracked`;
    const ratiosOf = (key) =>
      ratioOf(
        pairs.map((pair) => pair[key]),
        pairs.map(() => 1),
      );
    rows.push(row(what, 'not tracked', ratiosOf('time'), atMost(1.05)));
    // Without the server's part.
    rows.push(row(`${what}: processor time of the client`, 'not tracked', ratiosOf('cpu')));
  }
  return rows;
}

/** The ratios of two processes: the middle of those of their turns, side by side. */
async function measurePair(client) {
  // One after the other: the first of all generates Prisma's client.
  const sides = [await start(client, 'tracked'), await start(client, 'bare')];
  await Promise.all(sides.map((side) => side.time(WARM_UP)));
  const ratios = { time: [], cpu: [] };
  for (let turn = 0; turn < TURNS; turn++) {
    // Each side is the first of the two as often as the other.
    const order = turn % 2 === 0 ? sides : sides.toReversed();
    const turns = new Map();
    for (const side of order) turns.set(side, await side.time(TRANSACTIONS));
    const [tracked, bare] = sides.map((side) => turns.get(side));
    for (const key of ['time', 'cpu']) ratios[key].push(tracked[key] / bare[key]);
  }
  await Promise.all(sides.map((side) => side.end()));
  return { time: medianOf(ratios.time), cpu: medianOf(ratios.cpu) };
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
