// Orders are placed and their effects run while processes of the application are killed, then while
// its servers are killed, frozen and failed over; in the end what was seen is compared with the
// rows. Prints figures; the exit code says whether they are as promised.
import { CrashTest } from './crash-test.js';
import { OwnPostgres } from '../own-servers/own.postgres.js';
import { OwnRedis } from '../own-servers/own.redis.js';
import { Random } from './random.js';
import { Shop } from './shop.js';

const setting = (name: string, otherwise: number): number => {
  const given = process.env[name] || String(otherwise);
  if (!/^\d+$/.test(given))
    throw new Error(`Expected ${name} to be a whole number, got "${given}".`);
  return Number(given);
};
const seed = setting('CRASH_SEED', Math.floor(Math.random() * 2 ** 31));
const kills = setting('CRASH_KILLS', 100);
const outages = setting('CRASH_OUTAGES', Math.max(9, Math.round(kills / 3)));
for (const { name, program } of [OwnPostgres, OwnRedis]) {
  if (program !== undefined) continue;
  console.log(`crash: skipped, for no program of ${name.replace('Own', '')} is installed`);
  process.exit();
}

console.log(`CRASH_SEED=${seed} CRASH_KILLS=${kills} CRASH_OUTAGES=${outages}`);
const random = new Random(seed);
const outbox = process.env.CRASH_OUTBOX === 'in-process' ? 'in process' : 'BullMQ';
const shop = await Shop.open(random, outbox);
let isInterrupted = false;
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    isInterrupted = true;
    void shop.clear().finally(() => process.exit(1));
  });
}
const test = new CrashTest(shop, random, kills, outages);
try {
  await test.run();
} catch (error) {
  shop.accidents.push(error instanceof Error ? error.stack! : String(error));
}
if (!isInterrupted) {
  await shop.clear();
  for (const accident of shop.accidents) console.log(`WRONG: ${accident}`);
  console.log(test.summary);
  process.exitCode = shop.accidents.length === 0 ? 0 : 1;
}
