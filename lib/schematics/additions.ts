/** A class, and the package that it comes from. @internal */
export interface Name {
  readonly name: string;
  readonly from: string;
}

/** An import of the root module. @internal */
export interface Addition extends Name {
  /** Its options, as text. */
  readonly options?: string;
  /** The class that its options name. Without it effects would stay in the process. */
  readonly executor?: Name;
}

/** @internal */
export interface NestAddOptions {
  /** @default 'src' */
  readonly sourceRoot?: string;
  /** @default the file of the module that main.ts creates the application of */
  readonly module?: string;
  readonly orm?: OrmName;
  readonly engine?: EngineName;
}

const orms = {
  typeorm: { module: 'AirlockTypeOrmModule', peers: ['typeorm'] },
  prisma: { module: 'AirlockPrismaModule', peers: ['@prisma/client'] },
  drizzle: { module: 'AirlockDrizzleModule', peers: ['drizzle-orm'] },
  knex: { module: 'AirlockKnexModule', peers: ['knex'] },
  kysely: { module: 'AirlockKyselyModule', peers: ['kysely'] },
  'mikro-orm': { module: 'AirlockMikroOrmModule', peers: ['@mikro-orm/core'] },
  sequelize: { module: 'AirlockSequelizeModule', peers: ['sequelize'] },
} as const;

const engines = {
  bullmq: {
    module: 'AirlockBullMqModule',
    executor: 'BullMqExecutor',
    options: "{ connection: process.env.REDIS_URL ?? 'redis://127.0.0.1:6379', worker: true }",
    peers: ['bullmq', 'ioredis'],
  },
  'pg-boss': {
    module: 'AirlockPgBossModule',
    executor: 'PgBossExecutor',
    options: '{ boss: { connectionString: process.env.DATABASE_URL }, worker: true }',
    peers: ['pg-boss'],
  },
} as const;

type OrmName = keyof typeof orms;
type EngineName = keyof typeof engines;

/** @internal */
export function additionsFor({ orm, engine }: NestAddOptions): readonly Addition[] {
  const airlock = { name: 'AirlockModule', from: 'nestjs-airlock' };
  const adapter = orm ? [{ name: orms[orm].module, from: `nestjs-airlock/${orm}` }] : [];
  if (engine === undefined) return [airlock, ...adapter];
  const { module, executor, options } = engines[engine];
  const from = `nestjs-airlock/${engine}`;
  return [
    { ...airlock, options: `{ executor: ${executor} }`, executor: { name: executor, from } },
    ...adapter,
    { name: module, from, options },
  ];
}

/** @internal */
export function callOf({ name, options = '' }: Addition): string {
  return `${name}.forRoot(${options})`;
}

/** The packages that these need, and that this one does not bring. @internal */
export function peersFor({ orm, engine }: NestAddOptions): readonly string[] {
  return [...(orm ? orms[orm].peers : []), ...(engine ? engines[engine].peers : [])];
}
