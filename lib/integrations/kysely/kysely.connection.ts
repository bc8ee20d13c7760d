import type { FrameConnection } from '../../core/frame/transaction-frame.js';
import type { SqlDialect } from '../../core/model/dispatch-context.js';
import { answersInTransaction, isInTransactionBySavepoint } from '../ended-by-server.js';
import type { WatchedStatements } from '../watched-statements.js';
import type { KyselyTransaction } from './kysely.client.js';

/**
 * Connection that transactional executors write through.
 *
 * @internal
 */
export class KyselyConnection implements FrameConnection {
  private constructor(
    private readonly trx: KyselyTransaction,
    readonly dialect: SqlDialect,
    private readonly statements: () => WatchedStatements | undefined,
  ) {}

  /**
   * @param trx a transaction that has just begun
   * @param statements those of the transaction, once they are known
   * @returns undefined for a database that no executor writes in
   */
  static of(
    trx: KyselyTransaction,
    statements: () => WatchedStatements | undefined,
  ): KyselyConnection | undefined {
    const dialect = dialectOf(trx);
    return dialect && new KyselyConnection(trx, dialect, statements);
  }

  /** False if the server has ended the transaction by itself. */
  isStillOpen(): boolean | Promise<boolean> {
    const query = (sql: string): Promise<unknown[]> => this.query(sql);
    switch (this.dialect) {
      case 'postgres': {
        const ask = (): Promise<boolean> => answersInTransaction(query);
        return this.statements()?.leaveItOpen(ask) ?? ask();
      }
      case 'mysql':
        return isInTransactionBySavepoint(query);
      default:
        return true;
    }
  }

  async executeSql(text: string, values?: unknown[]): Promise<{ readonly rows: unknown[] }> {
    return { rows: await this.query(text, values) };
  }

  private async query(sql: string, parameters: readonly unknown[] = []): Promise<unknown[]> {
    const statement = {
      sql,
      parameters,
      query: { kind: 'RawNode' },
      queryId: { queryId: 'nestjs-airlock' },
    };
    // Plugins rename columns.
    return (await this.trx.withoutPlugins().executeQuery(statement)).rows;
  }
}

/**
 * Among the databases of Kysely, only PostgreSQL supports both, only MySQL neither, and SQLite only
 * `returning`.
 */
function dialectOf(trx: KyselyTransaction): SqlDialect | undefined {
  const { supportsReturning, supportsTransactionalDdl } = trx.getExecutor().adapter;
  if (supportsReturning) return supportsTransactionalDdl ? 'postgres' : 'sqlite';
  return supportsTransactionalDdl ? undefined : 'mysql';
}
