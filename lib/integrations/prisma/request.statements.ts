import { WatchedStatements } from '../watched-statements.js';
import { transactionIdOf } from './client-frames.js';

/**
 * Private methods of a client, and of all made of it, that each query runs through. The first runs
 * extensions around the second, and they may swallow its error. An array of queries names its
 * transaction to the second only. The first also covers the time until a query that nobody awaits
 * is sent.
 */
const METHODS = ['_request', '_executeRequest'] as const;

/** Mark on a query whose answer is watched; Prisma copies it from the first method to the second. */
const WATCHED = Symbol('AIRLOCK_WATCHED');

interface Query {
  readonly transaction?: { readonly id?: unknown };
  /** Text and values of a raw query, or what a template makes of them. */
  readonly args?: readonly unknown[] | { readonly sql?: unknown } | null;
  [WATCHED]?: true;
}

interface Client {
  readonly _extensions?: { isEmpty?(): boolean };
}

type Request = (this: Client, query: Query) => Promise<unknown>;

interface Seen {
  readonly statements: WatchedStatements;
  readonly onStatement: () => void;
  /** Statements as the client sees them that this one calls, if that is tracked as well. */
  readonly around: Seen | undefined;
}

/** Statements by clients: of several that are made of one, each may be tracked. */
const known = new WeakMap<object, RequestStatements>();

/** Statements of a Prisma client, by the transactions that are open. @internal */
export class RequestStatements {
  private readonly watched = new Map<unknown, Seen>();
  private readonly isTold: boolean;

  /** @param prisma the client that all others are made of */
  static of(prisma: object): RequestStatements {
    const statements = known.get(prisma) ?? new RequestStatements(prisma);
    known.set(prisma, statements);
    return statements;
  }

  private constructor(prisma: object) {
    const client = prisma as Record<(typeof METHODS)[number], Request>;
    this.isTold = METHODS.every((method) => typeof client[method] === 'function');
    if (this.isTold) for (const method of METHODS) client[method] = this.hear(client[method]);
  }

  /**
   * Watches the statements of a transaction while `fn` runs. `fn` gets them, or undefined where
   * they cannot be seen.
   *
   * @param onStatement called by the code that sends each
   */
  async during<R>(
    tx: object,
    onStatement: () => void,
    fn: (seen?: WatchedStatements) => Promise<R>,
  ): Promise<R> {
    const id = transactionIdOf(tx);
    if (!this.isTold || id === undefined) return fn();
    const statements = new WatchedStatements();
    const around = this.watched.get(id);
    this.watched.set(id, { statements, onStatement, around });
    try {
      return await fn(statements);
    } finally {
      if (around === undefined) this.watched.delete(id);
      else this.watched.set(id, around);
    }
  }

  private hear(request: Request): Request {
    const { watched } = this;
    return function (query) {
      const seen = watched.get(query.transaction?.id);
      if (seen === undefined || isWatched(query, this)) return request.call(this, query);
      query[WATCHED] = true;
      for (let at: Seen | undefined = seen; at !== undefined; at = at.around) at.onStatement();
      const answer = request.call(this, query);
      for (let at: Seen | undefined = seen; at !== undefined; at = at.around) {
        at.statements.read(textOf(query.args));
        at.statements.watch(answer);
      }
      return answer;
    };
  }
}

/** True in the second method where no extension can have swallowed an error of it. */
function isWatched(query: Query, client: Client): boolean {
  return query[WATCHED] === true && client._extensions?.isEmpty?.() === true;
}

function textOf(args: Query['args']): unknown {
  return Array.isArray(args)
    ? (args as readonly unknown[])[0]
    : (args as { sql?: unknown } | null)?.sql;
}
