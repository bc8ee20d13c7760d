import { ScopeStateError } from './scope-state.error.js';

/**
 * An effect was called after its scope had ended, usually because of a forgotten `await` or a
 * timer. Logged; thrown under `lateCalls: 'throw'`.
 *
 * @publicApi
 */
export class ScopeClosedError extends ScopeStateError {
  protected static override readonly brandName = 'ScopeClosedError';

  /**
   * @param effect what was called, or `undefined` where the scope itself was entered again
   * @param closedAt what closed the scope, with the call site if that was a call of `close()`
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
      effect === undefined
        ? `Scope "${scope}" was entered after it had ended (${state}; closed by ${closedAt}). Enter it before its end, or open another.`
        : `Effect "${effect}" was called in scope "${scope}" after it had ended (${state}; closed by ${closedAt}), so it does not get out. ` +
            'Await the work before its scope ends, or give it a scope of its own with `runInScope(...)`. ' +
            'If the call belongs to other work, a pool, a queue or a DataLoader has run it in the asynchronous context of this scope: ' +
            'hand it over with `AsyncResource.bind(...)`, or create what runs it in `detached(...)`.',
      'AIRLOCK_SCOPE_CLOSED',
    );
  }
}
