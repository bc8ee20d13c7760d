import type { OutboxConnection, OutboxDialect } from 'nestjs-airlock/outbox';
import type { ContractTransaction } from 'nestjs-airlock/testing';

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
