export type Role = 'web' | 'worker';

/** What the program tells each process of the application, as JSON in `CRASH_SETTINGS`. */
export interface Settings {
  readonly role: Role;
  /**
   * Names schemas, queues and connections, so that runs do not meet and their connections can be
   * found.
   */
  readonly run: string;
  readonly seed: number;
  readonly postgresUrl: string;
  readonly redisUrl: string;
  /** What stands behind the outbox. */
  readonly outbox: Outbox;
}

export type Outbox = 'BullMQ' | 'in process';

/** The schema of pg-boss; that of the application is named as the run. */
export function bossSchemaOf(run: string): string {
  return `${run}_boss`;
}

/** What came of the orders that a web process was asked to place. */
export interface Answers {
  readonly placed: number;
  /** Refused as they were meant to be. */
  readonly refused: number;
  /** Answered with an error. */
  readonly failed: number;
  readonly slowestMs: number;
  /** Calls of effects about which somebody was told that something went wrong. */
  readonly complaints: readonly number[];
}

/** What a process tells the program. */
export type Message = { readonly ready: true } | { readonly answers: Answers };

/** What the program tells a process: to end by itself. */
export const FINISH = 'finish';
