import type { FrameOptions } from '../../core/frame/transaction-frame.js';
import type { TypeOrmDataSource, TypeOrmQueryRunner } from './typeorm.client.js';

/** Name of the callback in which typeorm-transactional runs `@Transactional` methods. */
const TRANSACTIONAL_CALLBACK = 'transactionCallback';

/**
 * Tells whether a query runner's transaction is suspended. typeorm-transactional makes
 * `dataSource.manager` a getter. It returns the manager of the caller's transaction, or the
 * ordinary one outside and where `NOT_SUPPORTED` has suspended the transaction. It also returns the
 * ordinary one in the user's own `dataSource.transaction(…)`, which is therefore told apart here.
 *
 * @internal
 */
export class CurrentTransaction {
  /** True if `dataSource.manager` is, or has been, this transaction's own. */
  private isSelectedByGetter = false;
  /**
   * True if its callback is over: then the getter no longer returns its manager, which does not
   * mean that it is suspended.
   */
  private isOver = false;

  constructor(
    private readonly dataSource: TypeOrmDataSource,
    private readonly runner: TypeOrmQueryRunner,
  ) {}

  /** Notes that a new transaction begins on the same connection. */
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

  /** Options of its frame; none without typeorm-transactional. */
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
