// Orders are placed and their effects run while processes are killed, then while connections are cut; in the end what was seen
// is compared with the rows. Prints figures; the exit code says whether they are as promised.
import { CrashTest } from './crash-test.js';
import { Random } from './random.js';
import { Shop } from './shop.js';

const setting = (name: string, otherwise: number): number => {
  const given = process.env[name] || String(otherwise);
  if (!/^\d+$/.test(given)) throw new Error(`Expected ${name} to be a whole number, got "${given}".`);
  return Number(given);
};
const seed = setting('CRASH_SEED', Math.floor(Math.random() * 2 ** 31));
const kills = setting('CRASH_KILLS', 100);
const cuts = setting('CRASH_CUTS', Math.max(4, Math.round(kills / 4)));
const servers = {
  postgresUrl: process.env.DATABASE_URL || 'postgres://postgres@127.0.0.1:5432/postgres',
  redisUrl: process.env.REDIS_URL || 'redis://127.0.0.1:6379',
};

console.log(`CRASH_SEED=${seed} CRASH_KILLS=${kills} CRASH_CUTS=${cuts}`);
const random = new Random(seed);
const shop = await Shop.on(servers, random);
let isInterrupted = false;
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    isInterrupted = true;
    void shop.clear().finally(() => process.exit(1));
  });
}
const test = new CrashTest(shop, random, kills, cuts);
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
