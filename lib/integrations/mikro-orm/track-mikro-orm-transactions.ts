import { TRACKS_TRANSACTIONS } from '../../core/frame/tracked.js';
import { AirlockOptionsError } from '../../errors/airlock-options.error.js';
import { requirePeer } from '../../installation/required-peer.js';
import { replaceOnClass } from '../replace-on-class.js';
import {
  connectionOf,
  isMikroOrm,
  isSql,
  METHODS,
  type MikroOrmClient,
} from './mikro-orm.client.js';
import { watchSuspensions } from './suspension.js';
import { isTracked, wantTracked } from './tracked.classes.js';
import { begin, commit, frameOf, rollback, transactional } from './transaction.frames.js';

/**
 * Makes effects called in a transaction of MikroORM share its fate, and those in a nested one that
 * of its savepoint, however it is begun: `em.transactional(…)`, `@Transactional()`, `em.begin()`,
 * or by a `flush()` for itself, with the hooks of entities and the subscribers that run in it.
 * After `await em.begin()` the rest of the asynchronous function stands in it, until `em.commit()`
 * or `em.rollback()`. It is done on the class of connections, so that every instance on the same
 * kind of database tracks transactions from then on, and none on another. Does nothing the second
 * time.
 *
 * @example
 * ```ts
 * const orm = trackMikroOrmTransactions(await MikroORM.init(config));
 * ```
 *
 * @returns `orm`
 * @throws AirlockOptionsError for what is no MikroORM instance on an SQL database, or one of a
 * version that begins transactions elsewhere; PeerVersionError for one older than 6.0
 * @publicApi
 */
export function trackMikroOrmTransactions<M extends MikroOrmClient>(orm: M): M {
  const prototype = classOf(orm);
  if (Object.hasOwn(prototype, TRACKS_TRANSACTIONS)) return orm;
  trackTransactionsOfClass(orm);
  // On the class, whose transactions are tracked for good.
  Object.defineProperty(prototype, TRACKS_TRANSACTIONS, { value: true });
  return orm;
}

/**
 * Finds the class that connections to one kind of database share, in one copy of MikroORM.
 *
 * @returns the prototype of their class, which declares the methods or inherits them
 * @throws AirlockOptionsError
 * @throws PeerVersionError
 * @internal
 */
export function classOf(orm: MikroOrmClient): object {
  if (typeof orm !== 'object' || orm === null || !isMikroOrm(orm)) {
    throw AirlockOptionsError.expected('orm', 'a MikroORM instance', orm);
  }
  requirePeer('@mikro-orm/core', '>=6.0.0', 'nestjs-airlock/mikro-orm');
  if (!isSql(orm)) {
    throw new AirlockOptionsError(
      'orm',
      'trackMikroOrmTransactions was given a MikroORM instance whose database is not an SQL one. Transactions are tracked on those only.',
    );
  }
  const connection = connectionOf(orm);
  if (haveMethods(connection)) return above(connection)!;
  throw new AirlockOptionsError(
    'orm',
    `trackMikroOrmTransactions did not find \`${METHODS.join('`, `')}\` on the class of the connection, where MikroORM 6 and 7 ` +
      'have them, so it cannot track transactions of this version. Install one of those, or a newer nestjs-airlock.',
  );
}

/**
 * True if a class above declares the methods. The topmost does not count: all databases share it,
 * and there they throw.
 */
function haveMethods(connection: object): boolean {
  for (let at = above(connection); at !== null && above(at) !== Object.prototype; at = above(at))
    if (METHODS.every((key) => Object.hasOwn(at!, key))) return true;
  return false;
}

function above(object: object): object | null {
  return Object.getPrototypeOf(object) as object | null;
}

/**
 * Does the same until it is ended.
 *
 * @returns a function that ends it
 * @internal
 */
export function trackTransactionsOfClass(orm: MikroOrmClient): () => void {
  const prototype = classOf(orm);
  const methods = { transactional, begin, commit, rollback };
  const ends = [
    wantTracked(prototype),
    // One driver, that of MySQL in MikroORM 7, overrides `commit`: it ends savepoints there, and
    // calls `super` for transactions.
    ...METHODS.map((key) =>
      replaceOnClass(
        prototype,
        key,
        (original) =>
          function (this: object, ...args) {
            if (!isTracked(this)) return original.apply(this, args);
            return (methods[key] as (...all: unknown[]) => unknown).call(
              this,
              original.bind(this),
              ...args,
            );
          },
      ),
    ),
    replaceOnClass(
      prototype,
      'execute',
      (original) =>
        function (this: object, ...args) {
          // Its fourth argument is the transaction.
          frameOf(args[3])?.root.owner.noteStatement(args[0]);
          return original.apply(this, args);
        },
    ),
    watchSuspensions(orm.em, frameOf),
  ];
  return () => {
    for (const end of ends) end();
  };
}
