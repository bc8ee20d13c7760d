// Transactions of one client, tracked and not tracked, in turn: answers each number of turns with
// the ratio of tracked to untracked ones of each turn.
//
// Both sides share a process and a connection, for two of the same code differ by more than what is
// measured, by the processors that the system gives to them. Tracking is done on classes, so each
// side has a copy of its client. They share the garbage collector as well: a tracked transaction
// makes 4 to 9 per cent more garbage, and the other side pays for half of that.
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const require = createRequire(import.meta.url);
const { Pool } = require('pg');
const { enqueue, runInScope } = require('nestjs-airlock');
const url = process.env.DATABASE_URL || 'postgres://postgres@127.0.0.1:5432/postgres';
const one = { connectionString: url, max: 1 };
const root = fileURLToPath(new URL('..', import.meta.url));
const [client] = process.argv.slice(2);
const effect = () => {};
/** Few at a time: what else the machine does meanwhile is the same for a turn of each side. */
const TRANSACTIONS = 10;
const table = `bench_${client.toLowerCase()}`;
const statements = [
  `insert into ${table} values (1)`,
  `update ${table} set n = n + 1`,
  `delete from ${table}`,
];

/**
 * Each returns `transaction(work)`, where `work` is given what runs a statement in it, `query`, `end`,
 * and the `pool` of its one connection, which the second is given.
 */
const clients = {
  Prisma(isTracked, pool = new Pool(one)) {
    const { PrismaPg } = require('@prisma/adapter-pg');
    const { PrismaClient } = require(generatedPrisma());
    const { trackPrismaTransactions } = require('nestjs-airlock/prisma');
    const prisma = new PrismaClient({ adapter: new PrismaPg(pool) });
    if (isTracked) trackPrismaTransactions(prisma);
    return {
      pool,
      transaction: (work) =>
        prisma.$transaction((tx) => work((text) => tx.$executeRawUnsafe(text))),
      query: (text) => prisma.$executeRawUnsafe(text),
      end: () => pool.end(),
    };
  },
  Kysely(isTracked, pool = new Pool(one)) {
    const { Kysely, PostgresDialect, sql } = require('kysely');
    const { trackKyselyTransactions } = require('nestjs-airlock/kysely');
    const db = new Kysely({ dialect: new PostgresDialect({ pool }) });
    if (isTracked) trackKyselyTransactions(db);
    const query = (on) => (text) => sql.raw(text).execute(on);
    return {
      pool,
      transaction: (work) => db.transaction().execute((trx) => work(query(trx))),
      query: query(db),
      end: () => pool.end(),
    };
  },
  async MikroORM(isTracked, pool) {
    const { MikroORM } = require('@mikro-orm/postgresql');
    const { trackMikroOrmTransactions } = require('nestjs-airlock/mikro-orm');
    const orm = await MikroORM.init({
      clientUrl: url,
      entities: [],
      discovery: { warnWhenNoEntities: false },
      pool: { min: 0, max: 1 },
    });
    if (isTracked) trackMikroOrmTransactions(orm);
    const connection = orm.em.getConnection();
    if (pool) connection.client = pool;
    return {
      pool: connection.client,
      transaction: (work) => orm.em.fork().transactional((em) => work((text) => em.execute(text))),
      query: (text) => orm.em.fork().execute(text),
      end: () => orm.close(true),
    };
  },
  Sequelize(isTracked, pool) {
    const { Sequelize } = require('sequelize');
    const { trackSequelizeTransactions } = require('nestjs-airlock/sequelize');
    const sequelize = new Sequelize(url, { logging: false, pool: { max: 1 } });
    if (isTracked) trackSequelizeTransactions(sequelize);
    const manager = sequelize.connectionManager;
    if (pool) manager.pool = pool;
    return {
      pool: manager.pool,
      transaction: (work) =>
        sequelize.transaction((transaction) =>
          work((text) => sequelize.query(text, { transaction })),
        ),
      query: (text) => sequelize.query(text),
      end: () => sequelize.close(),
    };
  },
};

/** Makes a client of a copy of its own. Prisma's are tracked one by one. */
async function side(isTracked, connections) {
  const { cache } = require;
  for (const path of Object.keys(cache))
    if (/\/node_modules\/(kysely|@mikro-orm|sequelize)\//.test(path)) delete cache[path];
  const { pool, transaction, query, end } = await clients[client](isTracked, connections);
  const work = async (run) => {
    for (const statement of statements) await run(statement);
    enqueue(effect);
  };
  return {
    pool,
    query,
    end,
    async turn() {
      const start = performance.now();
      const used = process.cpuUsage();
      for (let i = 0; i < TRANSACTIONS; i++) await runInScope(() => transaction(work));
      const { user, system } = process.cpuUsage(used);
      return { time: performance.now() - start, cpu: user + system };
    },
  };
}

/**
 * Generated and compiled once; nothing is downloaded: any file passes for the engine, which only
 * migrations need.
 */
function generatedPrisma() {
  const folder = `${root}.cache/bench-prisma`;
  const compiled = `${folder}/client.cjs`;
  if (!existsSync(compiled)) {
    mkdirSync(folder, { recursive: true });
    copyFileSync(`${root}test/integrations/prisma/schema.prisma`, `${folder}/schema.prisma`);
    const env = {
      ...process.env,
      PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
      CHECKPOINT_DISABLE: '1',
    };
    const generate = [`${root}node_modules/prisma/build/index.js`, 'generate', '--no-hints'];
    execFileSync(process.execPath, generate, { cwd: folder, env, stdio: 'pipe' });
    const bundle = [
      '--bundle',
      '--packages=external',
      '--platform=node',
      '--format=cjs',
      '--log-level=error',
    ];
    execFileSync(`${root}node_modules/.bin/esbuild`, [
      `${folder}/generated/client.ts`,
      ...bundle,
      `--outfile=${compiled}`,
    ]);
  }
  return compiled;
}

const tracked = await side(true);
const bare = await side(false, tracked.pool);
await bare.query(`drop table if exists ${table}`);
await bare.query(`create unlogged table ${table} (n int)`);

process.on('message', (message) => void answer(message));
process.send('ready');

async function answer(message) {
  if (message === 'end') {
    await bare.query(`drop table ${table}`);
    await bare.end();
    return process.disconnect();
  }
  const ratios = { time: [], cpu: [] };
  for (let turn = 0; turn < message; turn++) {
    // Each side is the first of the two as often as the other.
    const order = turn % 2 === 0 ? [tracked, bare] : [bare, tracked];
    const took = new Map();
    for (const one of order) took.set(one, await one.turn());
    for (const key of ['time', 'cpu'])
      ratios[key].push(took.get(tracked)[key] / took.get(bare)[key]);
  }
  process.send(ratios);
}
