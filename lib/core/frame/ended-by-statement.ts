import { contexts } from '../scope/context.js';

/** Matches what may stand between words of SQL. */
const SPACE = String.raw`(?:\s|--.*(?:\n|$)|/\*(?:[^*]|\*(?!/))*\*/)`;
const CHAIN = `(?:${SPACE}+and(?:${SPACE}+no)?${SPACE}+chain)?`;
/** Matches a statement that ends the whole transaction, or leaves its end to a coordinator. */
const ENDS = new RegExp(
  `^${SPACE}*(?:(?:(commit|end)|rollback|abort)(?:${SPACE}+(?:work|transaction))?${CHAIN}(?:${SPACE}|;)*$|prepare${SPACE}+transaction\\b)`,
  'i',
);

/**
 * Tells how a statement ends the transaction that it is sent in, if it does. One that is prepared
 * may be rolled back.
 *
 * @internal
 */
export function endBy(sql: unknown): 'commit' | 'rollback' | undefined {
  const end = typeof sql === 'string' ? ENDS.exec(sql) : null;
  return end === null ? undefined : end[1] === undefined ? 'rollback' : 'commit';
}

/**
 * Says that a statement of the application's own has ended a transaction, which may have kept its
 * rows.
 *
 * @internal
 */
export function warnOfStatement(): void {
  contexts
    .getStore()
    ?.host.warn(
      'A transaction was over before its client sent COMMIT: a statement such as `ROLLBACK` or `COMMIT` was sent as a query. Its effects are dropped, for it ' +
        'cannot be told whether its rows are there. End it by the client instead: throw, or call its `rollback`.',
    );
}
