import { contexts } from '../core/scope/context.js';

/**
 * Says that a statement of the application's own has ended a transaction of PostgreSQL, which may have
 * kept its rows.
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
