import { WatchedStatements } from '../watched-statements.js';
import { transactionIdOf } from './client-frames.js';

/** Method that each query of a client, and of all that are made of it, begins with. Not public. */
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
    const { _request: request } = prisma as { readonly _request?: Request };
    this.isTold = typeof request === 'function';
    if (this.isTold) Object.assign(prisma, { _request: this.hear(request!) });
  }

  /** Watches those of a transaction while `fn` runs. */
  async during<R>(tx: object, fn: () => Promise<R>): Promise<R> {
    const id = transactionIdOf(tx);
    if (this.isTold && id !== undefined) this.watched.set(id, new WatchedStatements());
    try {
      return await fn();
    } finally {
      this.watched.delete(id);
    }
  }

  /** @returns undefined where they are not seen */
  of(tx: object): WatchedStatements | undefined {
    return this.watched.get(transactionIdOf(tx));
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
