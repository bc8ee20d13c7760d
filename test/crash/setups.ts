export type Engine = 'pg-boss' | 'BullMQ' | 'outbox';

/** What an application is made of. */
export interface Setup {
  readonly database: 'PostgreSQL' | 'MariaDB';
  /** What stands behind the outbox. */
  readonly behind: 'BullMQ' | 'in process';
  /** Ways that each effect goes. */
  readonly engines: readonly Engine[];
}

const onPostgres: readonly Engine[] = ['pg-boss', 'BullMQ', 'outbox'];

export const SETUPS = {
  'bullmq-postgres': { database: 'PostgreSQL', behind: 'BullMQ', engines: onPostgres },
  'bullmq-mariadb': { database: 'MariaDB', behind: 'BullMQ', engines: ['BullMQ', 'outbox'] },
  'in-process-postgres': { database: 'PostgreSQL', behind: 'in process', engines: onPostgres },
} as const satisfies Record<string, Setup>;

export type SetupName = keyof typeof SETUPS;
