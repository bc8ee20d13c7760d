import type { OutboxConnection, OutboxDialect } from 'nestjs-airlock/outbox';
import type { ContractTransaction } from 'nestjs-airlock/testing';
import { until } from '../remote.js';

/** A client of a database of a test's own, whose transactions are tracked. */
export interface OutboxClient {
  readonly dialect: OutboxDialect;
  /** What the outbox asks through, outside transactions. */
  readonly connection: OutboxConnection;
  transaction<T>(fn: (tx: ContractTransaction) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

export type Row = Record<string, unknown>;

/** The rows of a statement, whatever the client makes of them. */
export async function rowsOf({ connection }: OutboxClient, sql: string): Promise<readonly Row[]> {
  const answer: unknown = await connection.query(sql, []);
  const rows = Array.isArray(answer) ? answer : (answer as { rows: unknown[] }).rows;
  return (Array.isArray(rows[0]) ? rows[0] : rows) as Row[];
}

/**
 * Waits until the first claim there is has been renewed, and would have run out without that, while
 * another process looks for what has.
 */
export async function untilRenewed(
  client: OutboxClient,
  other: { sweep(): Promise<void> },
): Promise<void> {
  const end = async (): Promise<number> => {
    const rows = await rowsOf(client, 'select due_at from airlock_outbox where held');
    return Number(rows[0]?.['due_at'] ?? 0);
  };
  let first = 0;
  await until(async () => (first = await end()) > 1);
  await until(async () => {
    await other.sweep();
    return (await end()) > first && Date.now() > first;
  });
}
