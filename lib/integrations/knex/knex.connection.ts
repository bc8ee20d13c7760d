import type { FrameConnection } from '../../core/frame/transaction-frame.js';
import type { SqlDialect } from '../../core/model/dispatch-context.js';
import { FrameStateError } from '../../errors/frame-state.error.js';
import { isNotKnownToHaveEnded } from '../ended-by-server.js';
import { rowsIn } from '../rows-in.js';
import type { KnexTransaction } from './knex.client.js';

/** Dialects by Knex's names for them. */
const DIALECTS: Readonly<Record<string, SqlDialect>> = {
  postgresql: 'postgres',
  mysql: 'mysql',
  sqlite3: 'sqlite',
};

/**
 * Connection that transactional executors write through. On PostgreSQL the transaction's own `pg`
 * connection, since `trx.raw` takes `?` for a placeholder, and `$1` for none.
 *
 * @internal
 */
export class KnexConnection implements FrameConnection {
  private trx: KnexTransaction | undefined;
  private isCompleted: () => boolean = () => true;

  private constructor(
    private readonly name: string,
    readonly dialect: SqlDialect,
  ) {}

  /**
   * @param dialect as Knex names it
   * @returns undefined for a database that no executor writes in
   */
  static of(dialect: string | undefined, name: string): KnexConnection | undefined {
    const known = DIALECTS[dialect ?? ''];
    return known && new KnexConnection(name, known);
  }

  /** Notes the transaction to write in, once it has begun. */
  use(trx: KnexTransaction): void {
    this.trx = trx;
    this.isCompleted = trx.isCompleted;
  }

  /** False where PostgreSQL has no transaction any more, or an aborted one. */
  isStillOpen(): boolean | Promise<boolean> {
    return this.trx?.client.acquireConnection().then(isNotKnownToHaveEnded) ?? true;
  }

  /**
   * @throws FrameStateError before BEGIN and after the end, when the connection may be somebody
   *   else's
   */
  async executeSql(
    text: string,
    values?: unknown[],
  ): Promise<{ readonly rows: readonly unknown[] }> {
    const connection = await this.trx?.client.acquireConnection();
    if (connection !== undefined && !this.isCompleted()) {
      if (this.dialect === 'postgres') return connection.query(text, values);
      return { rows: rowsIn(await this.trx!.raw(text, values)) };
    }
    throw new FrameStateError(
      this.name,
      connection === undefined ? 'open' : 'ended',
      `Nothing can be written through "${this.name}": its transaction ${connection === undefined ? 'has not begun yet' : 'is completed'}.`,
    );
  }
}
