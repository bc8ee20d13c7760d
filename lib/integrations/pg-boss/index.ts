export {
  AirlockPgBossModule,
  type AirlockPgBossAsyncOptions,
  type AirlockPgBossOptionsFactory,
} from './airlock-pg-boss.module.js';
export type { PgBoss10Client, PgBoss12Client, PgBossClient } from './pg-boss.client.js';
export { PgBossExecutor } from './pg-boss.executor.js';
export type {
  AirlockPgBossOptions,
  PgBossConstructorOptions,
  PgBossJobOptions,
  PgBossQueueOptions,
  PgBossWorkerOptions,
} from './pg-boss.options.js';
