import type {
  PgBoss10Client,
  PgBoss12Client,
  PgBossClient,
  PgBossJobOptions,
} from 'nestjs-airlock/pg-boss';
import type { ConstructorOptions, JobInsert, PgBoss } from 'pg-boss';
import type PgBoss10 from 'pg-boss-10';
import type { AirlockPgBossOptions } from 'nestjs-airlock/pg-boss';

/** Compiles only where the real thing fits what is asked of it. */
type Fits<Real extends Wanted, Wanted> = Real;

export type Version12 = Fits<PgBoss, PgBoss12Client>;
export type Version10 = Fits<PgBoss10, PgBoss10Client>;
export type Both = Fits<PgBoss | PgBoss10, PgBossClient>;
export type Options12 = Fits<{ boss: ConstructorOptions }, AirlockPgBossOptions>;
export type Options10 = Fits<{ boss: PgBoss10.ConstructorOptions }, AirlockPgBossOptions>;
/** What we offer as job options is what either version takes. */
export type Jobs = Fits<keyof PgBossJobOptions, keyof JobInsert | keyof PgBoss10.JobInsert>;

// @ts-expect-error A queue that cannot be worked is none.
export type NoClient = Fits<Omit<PgBoss, 'work'>, PgBossClient>;
// @ts-expect-error `sparrow` is no job option of pg-boss.
export const misspelt: PgBossJobOptions = { retryLimits: 3 };
