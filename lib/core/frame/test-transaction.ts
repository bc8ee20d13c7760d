import { AsyncLocalStorage } from 'node:async_hooks';
import { AirlockOptionsError } from '../../errors/airlock-options.error.js';

/** Beginning of the transaction around a test. */
interface TestBeginning {
  /** True once its transaction has begun: further ones are ordinary. */
  isTaken: boolean;
}

const beginnings = new AsyncLocalStorage<TestBeginning>();

/** True once, when the transaction around a test begins. @internal */
export function isAroundTest(): boolean {
  const beginning = beginnings.getStore();
  if (beginning === undefined || beginning.isTaken) return false;
  beginning.isTaken = true;
  return true;
}

/**
 * Begins the transaction around a test, which is always rolled back. It counts as committed:
 * effects in it belong to no transaction, and the savepoints in it behave as transactions of their
 * own.
 *
 * @example
 * ```ts
 * const { em } = await MikroORM.init(config);
 * await beginTestTransaction(() => em.begin());
 * // … the test …
 * await em.rollback();
 * ```
 *
 * @param begin begins it, by a client whose transactions are tracked
 * @returns what `begin` returns
 * @throws AirlockOptionsError if no client has begun one that is tracked
 * @publicApi
 */
export async function beginTestTransaction<R>(begin: () => R): Promise<Awaited<R>> {
  const beginning: TestBeginning = { isTaken: false };
  const result = await beginnings.run(beginning, begin);
  if (beginning.isTaken) return result;
  beginning.isTaken = true;
  throw new AirlockOptionsError(
    'begin',
    'beginTestTransaction saw no transaction begin that Airlock tracks. Start the application first, or call `trackKnexTransactions(knex)` and its kin, and begin ' +
      'the transaction by that client.',
  );
}
