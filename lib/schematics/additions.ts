/** An import of the root module. @internal */
export interface Addition {
  /** The class, by which it is known whether it is imported already. */
  readonly name: string;
  readonly from: string;
  /** Other names of the same package that its call needs. */
  readonly also?: readonly string[];
  readonly call: string;
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
  typeorm: { module: 'AirlockTypeOrmModule', peer: 'typeorm' },
  prisma: { module: 'AirlockPrismaModule', peer: '@prisma/client' },
  drizzle: { module: 'AirlockDrizzleModule', peer: 'drizzle-orm' },
  knex: { module: 'AirlockKnexModule', peer: 'knex' },
  kysely: { module: 'AirlockKyselyModule', peer: 'kysely' },
  'mikro-orm': { module: 'AirlockMikroOrmModule', peer: '@mikro-orm/core' },
  sequelize: { module: 'AirlockSequelizeModule', peer: 'sequelize' },
} as const;

const engines = {
  bullmq: {
    module: 'AirlockBullMqModule',
    executor: 'BullMqExecutor',
    options: "{ connection: process.env.REDIS_URL ?? 'redis://127.0.0.1:6379', worker: true }",
    peer: 'bullmq',
  },
  'pg-boss': {
    module: 'AirlockPgBossModule',
    executor: 'PgBossExecutor',
    options: '{ boss: { connectionString: process.env.DATABASE_URL }, worker: true }',
    peer: 'pg-boss',
  },
} as const;

export type OrmName = keyof typeof orms;
export type EngineName = keyof typeof engines;

/** @internal */
export function additionsFor({ orm, engine }: NestAddOptions): readonly Addition[] {
  const executor = engine && engines[engine].executor;
  const additions: Addition[] = [
    {
      name: 'AirlockModule',
      from: 'nestjs-airlock',
      call: `AirlockModule.forRoot(${executor ? `{ executor: ${executor} }` : ''})`,
    },
  ];
  if (orm !== undefined) {
    const { module } = orms[orm];
    additions.push({ name: module, from: `nestjs-airlock/${orm}`, call: `${module}.forRoot()` });
  }
  if (engine !== undefined) {
    const { module, options } = engines[engine];
    const also = [engines[engine].executor];
    const call = `${module}.forRoot(${options})`;
    additions.push({ name: module, also, from: `nestjs-airlock/${engine}`, call });
  }
  return additions;
}

/** The packages that these need, and that this one does not bring. @internal */
export function peersFor({ orm, engine }: NestAddOptions): readonly string[] {
  return [...(orm ? [orms[orm].peer] : []), ...(engine ? [engines[engine].peer] : [])];
}
