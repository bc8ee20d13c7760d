// One client, whose transactions are tracked or not: answers each number with the time that so many
// of them take on average, and the time of the processor that this process uses for it.
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { enqueue, runInScope } from 'nestjs-airlock';

const url = process.env.DATABASE_URL || 'postgres://postgres@127.0.0.1:5432/postgres';
const [client, side] = process.argv.slice(2);
const isTracked = side === 'tracked';
const table = `bench_${client.toLowerCase()}_${side}`;
const statements = [
  `insert into ${table} values (1)`,
  `update ${table} set n = n + 1`,
  `delete from ${table}`,
];

/**
 * Each returns `transaction(work)`, where `work` is given what runs a statement in it, `query` and
 * `end`.
 */
const clients = {
  async Prisma() {
    const { PrismaPg } = await import('@prisma/adapter-pg');
    const { trackPrismaTransactions } = await import('nestjs-airlock/prisma');
    const { PrismaClient } = await import(generatedPrisma());
    const prisma = new PrismaClient({ adapter: new PrismaPg({ connectionString: url, max: 1 }) });
    if (isTracked) trackPrismaTransactions(prisma);
    return {
      transaction: (work) =>
        prisma.$transaction((tx) => work((text) => tx.$executeRawUnsafe(text))),
      query: (text) => prisma.$executeRawUnsafe(text),
      end: () => prisma.$disconnect(),
    };
  },
  async Kysely() {
    const { Kysely, PostgresDialect, sql } = await import('kysely');
    const { default: pg } = await import('pg');
    const { trackKyselyTransactions } = await import('nestjs-airlock/kysely');
    const pool = new pg.Pool({ connectionString: url, max: 1 });
    const db = new Kysely({ dialect: new PostgresDialect({ pool }) });
    if (isTracked) trackKyselyTransactions(db);
    const query = (on) => (text) => sql.raw(text).execute(on);
    return {
      transaction: (work) => db.transaction().execute((trx) => work(query(trx))),
      query: query(db),
      end: () => db.destroy(),
    };
  },
  async MikroORM() {
    const { MikroORM } = await import('@mikro-orm/postgresql');
    const { trackMikroOrmTransactions } = await import('nestjs-airlock/mikro-orm');
    const orm = await MikroORM.init({
      clientUrl: url,
      entities: [],
      discovery: { warnWhenNoEntities: false },
      pool: { min: 0, max: 1 },
    });
    if (isTracked) trackMikroOrmTransactions(orm);
    return {
      transaction: (work) => orm.em.fork().transactional((em) => work((text) => em.execute(text))),
      query: (text) => orm.em.fork().execute(text),
      end: () => orm.close(true),
    };
  },
  async Sequelize() {
    const { Sequelize } = await import('sequelize');
    const { trackSequelizeTransactions } = await import('nestjs-airlock/sequelize');
    const sequelize = new Sequelize(url, { logging: false, pool: { max: 1 } });
    if (isTracked) trackSequelizeTransactions(sequelize);
    return {
      transaction: (work) =>
        sequelize.transaction((transaction) =>
          work((text) => sequelize.query(text, { transaction })),
        ),
      query: (text) => sequelize.query(text),
      end: () => sequelize.close(),
    };
  },
};

/**
 * Generated and compiled once; nothing is downloaded: any file passes for the engine, which only
 * migrations need.
 */
function generatedPrisma() {
  const root = fileURLToPath(new URL('..', import.meta.url));
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
  return pathToFileURL(compiled).href;
}

const effect = () => {};

const { transaction, query, end } = await clients[client]();
await query(`drop table if exists ${table}`);
await query(`create unlogged table ${table} (n int)`);

const answer = async (message) => {
  if (message === 'end') {
    await query(`drop table ${table}`);
    await end();
    return process.disconnect();
  }
  const start = performance.now();
  const used = process.cpuUsage();
  for (let i = 0; i < message; i++) {
    await runInScope(() =>
      transaction(async (run) => {
        for (const statement of statements) await run(statement);
        enqueue(effect);
      }),
    );
  }
  const { user, system } = process.cpuUsage(used);
  process.send({ time: (performance.now() - start) / message, cpu: (user + system) / message });
};
process.on('message', (message) => void answer(message));
process.send('ready');
