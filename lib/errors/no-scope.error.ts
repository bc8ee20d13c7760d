import { AirlockError } from './airlock.error.js';

/**
 * An effect was called where no scope is open.
 *
 * @publicApi
 */
export class NoScopeError extends AirlockError {
  protected static override readonly brandName = 'NoScopeError';

  constructor(readonly effect: string) {
    super(
      'AIRLOCK_NO_SCOPE',
      `Effect "${effect}" was called outside a scope, so nothing decides when it may get out. ` +
        'Call it within an entry point that Airlock covers, wrap the work in `airlock.run(...)`, `runInScope(...)` or an `@Airlock()` method, ' +
        "or set `outsideScope: 'dispatch' | 'drop'`. " +
        "In a guard or a middleware, set `boundaries: { http: { openAt: 'request' } }`.",
    );
  }
}
