import {
  trackTransactions,
  trackSavepoints,
  openFrame,
  type TransactionFrame,
} from 'nestjs-airlock';
import type { Pool, PoolClient } from 'pg';

/** One transaction or savepoint of a plain `pg` pool. */
export class PgTransaction {
  private frame!: TransactionFrame;

  private constructor(
    readonly client: PoolClient,
    private readonly depth = 0,
  ) {}

  /**
   * Runs a callback in a transaction that tracks transactions: all that an adapter of one's own
   * comes to.
   */
  static in(pool: Pool) {
    return trackTransactions(
      async <T>(callback: (tx: PgTransaction) => Promise<T>, mode = ''): Promise<T> => {
        const client = await pool.connect();
        let broken: Error | undefined;
        const onError = (error: Error): void => void (broken = error);
        client.on('error', onError);
        try {
          return await between(client, [`begin ${mode}`, 'commit', 'rollback'], () =>
            callback(new PgTransaction(client)),
          );
        } finally {
          client.off('error', onError);
          client.release(broken);
        }
      },
      (tx) => (tx.frame = openFrame({ name: 'pg', connection: tx })),
    );
  }

  /** A savepoint in it, which is a frame of its own. */
  savepoint<T>(callback: (tx: PgTransaction) => Promise<T>): Promise<T> {
    const inner = new PgTransaction(this.client, this.depth + 1);
    const name = `savepoint_${inner.depth}`;
    const run = trackSavepoints<PgTransaction, []>(
      (work) =>
        between(this.client, [`savepoint ${name}`, `release ${name}`, `rollback to ${name}`], () =>
          work(inner),
        ),
      () => (inner.frame = this.frame.savepoint()),
    );
    return run(callback);
  }

  /** What transactional executors write through. */
  executeSql(text: string, values?: unknown[]): Promise<{ rows: Record<string, unknown>[] }> {
    return this.client.query<Record<string, unknown>>(text, values);
  }
}

async function between<T>(
  client: PoolClient,
  [begin, commit, rollback]: readonly [string, string, string],
  work: () => Promise<T>,
): Promise<T> {
  await client.query(begin);
  try {
    const value = await work();
    const { command } = await client.query(commit);
    // The answer to a COMMIT after a failed statement whose error was swallowed: no error, but no
    // commit either.
    if (command === 'ROLLBACK') throw new Error('The server rolled back instead of committing.');
    return value;
  } catch (error) {
    // A connection that is gone has been rolled back by the server.
    await client.query(rollback).catch(() => {});
    throw error;
  }
}
