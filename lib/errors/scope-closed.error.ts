import { ScopeStateError } from './scope-state.error.js';

/**
 * An effect was called after its scope had ended, usually because of a forgotten `await`.
 *
 * @publicApi
 */
export class ScopeClosedError extends ScopeStateError {
  protected static override readonly brandName = 'ScopeClosedError';

  /**
   * @param effect what was called, or `undefined` where the scope itself was entered again
   * @param closedAt what closed the scope, with the call site where that was a call of `close()`
   */
  constructor(
    readonly effect: string | undefined,
    scope: string,
    state: string,
    readonly closedAt: string,
  ) {
    super(
      scope,
      state,
      `${effect === undefined ? `Scope "${scope}" was entered` : `Effect "${effect}" was called in scope "${scope}"`} after it had ended ` +
        `(${state}; closed by ${closedAt}). Await the work before its scope ends, or give it a scope of its own with \`runInScope(...)\`.`,
      'AIRLOCK_SCOPE_CLOSED',
    );
  }
}
