/** How effects with a name get out; all others always run in the process. */
export const EXECUTORS = ['pg-boss', 'bullmq', 'outbox', 'in-process'] as const;
export type ExecutorName = (typeof EXECUTORS)[number];

/** What of the shop lies outside it; whatever is left out runs inside the process. */
export class Settings {
  /** @default 'pg-boss', in the database of the orders */
  readonly executor: ExecutorName;
  /** A PostgreSQL server. @default PGlite, in this process */
  readonly databaseUrl?: string | undefined;
  /** For `bullmq`. @default 'redis://127.0.0.1:6379' */
  readonly redisUrl: string;
  /** Where effects wait for their worker. @default 'shop' */
  readonly queue: string;
  /** Where receipts are sent to. @default an SMTP server in this process, read at `GET /inbox` */
  readonly smtpUrl?: string | undefined;
  /**
   * Where reservations are posted to. @default this process's own `POST /warehouse/reservations`
   */
  readonly warehouseUrl?: string | undefined;

  constructor(settings: Partial<Settings> = {}) {
    this.executor = settings.executor ?? 'pg-boss';
    this.databaseUrl = settings.databaseUrl;
    this.redisUrl = settings.redisUrl ?? 'redis://127.0.0.1:6379';
    this.queue = settings.queue ?? 'shop';
    this.smtpUrl = settings.smtpUrl;
    this.warehouseUrl = settings.warehouseUrl;
  }

  static fromEnvironment(env: NodeJS.ProcessEnv = process.env): Settings {
    return new Settings({
      executor: executorNamed(env.AIRLOCK_EXECUTOR || undefined),
      databaseUrl: env.DATABASE_URL || undefined,
      redisUrl: env.REDIS_URL || undefined,
      queue: env.AIRLOCK_QUEUE || undefined,
      smtpUrl: env.SMTP_URL || undefined,
      warehouseUrl: env.WAREHOUSE_URL || undefined,
    });
  }
}

function executorNamed(name: string | undefined): ExecutorName | undefined {
  if (name === undefined) return undefined;
  const known = EXECUTORS.find((one) => one === name);
  if (known === undefined)
    throw new Error(`AIRLOCK_EXECUTOR is "${name}"; the shop knows ${EXECUTORS.join(', ')}.`);
  return known;
}
