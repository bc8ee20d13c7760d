import type { FrameConnection } from '../../core/frame/transaction-frame.js';
import { FrameStateError } from '../../errors/frame-state.error.js';
import type { KnexTransaction } from './knex.client.js';

/**
 * Connection that transactional executors write through: the transaction's own of `pg`, since `trx.raw` takes `?` for a
 * placeholder, and `$1` for none.
 *
 * @internal
 */
export class KnexConnection implements FrameConnection {
  private trx: KnexTransaction | undefined;
  private isCompleted: () => boolean = () => true;

  constructor(private readonly name: string) {}

  /** From here on there is a transaction to write in. */
  use(trx: KnexTransaction): void {
    this.trx = trx;
    this.isCompleted = trx.isCompleted;
  }

  /** @throws FrameStateError before BEGIN and after the end, when the connection may be somebody else's */
  async executeSql(text: string, values?: unknown[]): Promise<{ readonly rows: readonly unknown[] }> {
    const connection = await this.trx?.client.acquireConnection();
    if (connection !== undefined && !this.isCompleted()) return connection.query(text, values);
    throw new FrameStateError(
      this.name,
      connection === undefined ? 'open' : 'ended',
      `Nothing can be written through "${this.name}": its transaction ${connection === undefined ? 'has not begun yet' : 'is completed'}.`,
    );
  }
}
