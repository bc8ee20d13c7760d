import type { SetupName } from './setups.js';

export type Role = 'web' | 'worker';

/** What the program tells each process of the application, as JSON in `CRASH_SETTINGS`. */
export interface Settings {
  readonly role: Role;
  /**
   * Names the schema of pg-boss, queues and connections to Redis, so that those can be found.
   */
  readonly run: string;
  readonly seed: number;
  readonly setup: SetupName;
  readonly databaseUrl: string;
  readonly redisUrl: string;
}

/** The schema of pg-boss. */
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
  /** Those that took their time. */
  readonly slow: readonly Wait[];
  /** Calls of effects about which somebody was told that something went wrong. */
  readonly complaints: readonly number[];
}

/** Time for which an order waited for its answer, in milliseconds since 1970. */
export interface Wait {
  readonly from: number;
  readonly to: number;
}

/** What a process tells the program. */
export type Message = { readonly ready: true } | { readonly answers: Answers };

/** What the program tells a process: to end by itself. */
export const FINISH = 'finish';
