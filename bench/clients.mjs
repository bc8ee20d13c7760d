// Transactions tracked against not, on each client: three statements and an effect, so that what is
// asked before COMMIT is included.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { atMost, medianOf, ratioOf, row } from './ratios.mjs';

const clients = ['Prisma', 'Kysely', 'MikroORM', 'Sequelize'];
const TURNS = 600;
/** Until V8 has compiled what a server that runs for long has compiled. */
const WARM_UP = 600;

export async function measure(rounds) {
  const rows = [];
  for (const client of clients) {
    const measured = [];
    // A new process each time: V8 compiles the same code differently in each.
    for (let round = 0; round < rounds; round++) measured.push(await measureIn(client));
    const what = `transactions: three statements and an effect with ${client}, tracked`;
    const ratiosOf = (key) =>
      ratioOf(
        measured.map((ratios) => ratios[key]),
        measured.map(() => 1),
      );
    rows.push(row(what, 'not tracked', ratiosOf('time'), atMost(1.05)));
    // Without the server's part.
    rows.push(row(`${what}: processor time of the client`, 'not tracked', ratiosOf('cpu')));
  }
  return rows;
}

/** The ratios of a process: the middle of those of its turns. */
async function measureIn(client) {
  const child = fork(new URL('clients.worker.mjs', import.meta.url), [client]);
  const answer = () =>
    new Promise((resolve, reject) => {
      const exited = (code) => reject(new Error(`${client} exited with ${code}`));
      child.once('exit', exited).once('message', (said) => {
        child.off('exit', exited);
        resolve(said);
      });
    });
  await answer();
  const take = (turns) => {
    child.send(turns);
    return answer();
  };
  await take(WARM_UP);
  const { time, cpu } = await take(TURNS);
  const exit = once(child, 'exit');
  child.send('end');
  await exit;
  return { time: medianOf(time), cpu: medianOf(cpu) };
}
