import { WatchedStatements } from '../watched-statements.js';
import { transactionIdOf } from './client-frames.js';

/**
 * Methods of a client, and of all that are made of it, that each query runs through. Not public. In
 * the first, extensions run around the second: they may swallow its error. An array of queries
 * names its transaction to the second only; the first lasts until a query that nobody awaits is
 * sent.
 */
const METHODS = ['_request', '_executeRequest'] as const;

type Request = (
  this: object,
  query: { readonly transaction?: { readonly id?: unknown } },
) => Promise<unknown>;

/** The statements of a Prisma client in each transaction that is open. @internal */
export class RequestStatements {
  private readonly watched = new Map<unknown, WatchedStatements>();
  private readonly isTold: boolean;

  /** @param prisma the one that all others are made of */
  constructor(prisma: object) {
    const client = prisma as Record<(typeof METHODS)[number], Request>;
    this.isTold = METHODS.every((method) => typeof client[method] === 'function');
    if (this.isTold) for (const method of METHODS) client[method] = this.hear(client[method]);
  }

  /**
   * Watches those of a transaction while `fn` runs, which is given them; undefined where they are
   * not seen.
   */
  async during<R>(tx: object, fn: (seen?: WatchedStatements) => Promise<R>): Promise<R> {
    const id = transactionIdOf(tx);
    if (!this.isTold || id === undefined) return fn();
    const seen = new WatchedStatements();
    this.watched.set(id, seen);
    try {
      return await fn(seen);
    } finally {
      this.watched.delete(id);
    }
  }

  private hear(request: Request): Request {
    const { watched } = this;
    return function (query) {
      const answer = request.call(this, query);
      watched.get(query.transaction?.id)?.watch(answer);
      return answer;
    };
  }
}
