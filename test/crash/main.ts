// Orders are placed and their effects run while processes of the application are killed, then while
// its servers are killed, frozen and failed over; in the end what was seen is compared with the
// rows: with one setup of the application after the other. Prints figures; the exit code says
// whether they are as promised.
import { OwnMariadb } from '../own-servers/own.mariadb.js';
import { OwnPostgres } from '../own-servers/own.postgres.js';
import { OwnRedis } from '../own-servers/own.redis.js';
import { type Amounts, CrashTest } from './crash-test.js';
import { Random } from './random.js';
import { type SetupName, SETUPS } from './setups.js';
import { Shop } from './shop.js';

const { CRASH_SETUP, CRASH_FREEZES = '5,40' } = process.env;

function numberIn(given: string, name: string): number {
  if (!/^\d+$/.test(given))
    throw new Error(`Expected ${name} to be a whole number, got "${given}".`);
  return Number(given);
}

function setting(name: string, otherwise: number): number {
  return numberIn(process.env[name] || String(otherwise), name);
}

const names = Object.keys(SETUPS) as readonly SetupName[];
if (CRASH_SETUP && !names.includes(CRASH_SETUP as SetupName))
  throw new Error(`Expected CRASH_SETUP to be one of ${names.join(', ')}, got "${CRASH_SETUP}".`);
const seed = setting('CRASH_SEED', Math.floor(Math.random() * 2 ** 31));
const kills = setting('CRASH_KILLS', 100);
const outages = setting('CRASH_OUTAGES', Math.max(9, Math.round(kills / 3)));
const freezes = CRASH_FREEZES.split(',')
  .filter(Boolean)
  .map((seconds) => numberIn(seconds, 'each of CRASH_FREEZES'));

console.log(
  `CRASH_SEED=${seed} CRASH_KILLS=${kills} CRASH_OUTAGES=${outages} CRASH_FREEZES=${freezes.join()}`,
);
for (const name of CRASH_SETUP ? [CRASH_SETUP as SetupName] : names)
  await runWith(name, { kills, outages, freezes });

async function runWith(name: SetupName, amounts: Amounts): Promise<void> {
  const missing = [SETUPS[name].database === 'MariaDB' ? OwnMariadb : OwnPostgres, OwnRedis].filter(
    ({ program }) => program === undefined,
  );
  if (missing.length > 0) {
    const programs = missing.map((kind) => kind.name.replace('Own', '')).join(' and ');
    return console.log(`crash: ${name} skipped, for no program of ${programs} is installed`);
  }
  console.log(`\n${name}`);
  const random = new Random(seed);
  const shop = await Shop.open(random, name);
  let isInterrupted = false;
  const interrupt = (): void => {
    isInterrupted = true;
    void shop.clear().finally(() => process.exit(1));
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, interrupt);
  const test = new CrashTest(shop, random, amounts);
  try {
    await test.run();
  } catch (error) {
    shop.accidents.push(error instanceof Error ? error.stack! : String(error));
  }
  if (isInterrupted) return;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, interrupt);
  await shop.clear();
  for (const accident of shop.accidents) console.log(`WRONG: ${accident}`);
  console.log(test.summary);
  if (shop.accidents.length > 0) process.exitCode = 1;
}
