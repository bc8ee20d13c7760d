import type { FrameOptions } from '../../core/frame/transaction-frame.js';
import type { TypeOrmDataSource, TypeOrmQueryRunner } from './typeorm.client.js';

/** The name of the callback that typeorm-transactional runs `@Transactional` methods in. */
const TRANSACTIONAL_CALLBACK = 'transactionCallback';

/**
 * Whether a query runner's transaction is the one its library has selected. typeorm-transactional
 * makes `dataSource.manager` a getter: the manager of the transaction that the caller stands in,
 * the ordinary one outside and where `NOT_SUPPORTED` has suspended it. It is the ordinary one too
 * in a `dataSource.transaction(…)` of the user's own, which therefore have to be told apart.
 *
 * @internal
 */
export class CurrentTransaction {
  /** Whether `dataSource.manager` is, or has been, this transaction's own. */
  private isSelectedByGetter = false;
  /** Whether its callback is over: nobody selects it any more, and nobody has suspended it. */
  private isOver = false;

  constructor(
    private readonly dataSource: TypeOrmDataSource,
    private readonly runner: TypeOrmQueryRunner,
  ) {}

  /** A new transaction on the same connection. */
  begins(): void {
    this.isSelectedByGetter = false;
    this.isOver = false;
  }

  /** Runs the callback of the transaction, which may suspend it before its first `await`. */
  async run<T>(callback: (manager: never) => Promise<T>, work: () => Promise<T>): Promise<T> {
    this.isSelectedByGetter = callback.name === TRANSACTIONAL_CALLBACK;
    try {
      return await work();
    } finally {
      this.isOver = true;
    }
  }

  /** Nothing where nobody selects. */
  get options(): FrameOptions {
    const manager = Object.getOwnPropertyDescriptor(this.dataSource, 'manager');
    return manager?.get === undefined ? {} : { isCurrent: () => this.isCurrent() };
  }

  private isCurrent(): boolean {
    if (this.isOver) return true;
    if (this.dataSource.manager === this.runner.manager) this.isSelectedByGetter = true;
    else return !this.isSelectedByGetter;
    return true;
  }
}
