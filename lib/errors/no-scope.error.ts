import { AirlockError } from './airlock.error.js';

/**
 * An effect was called outside any scope.
 *
 * @publicApi
 */
export class NoScopeError extends AirlockError {
  protected static override readonly brandName = 'NoScopeError';

  /**
   * @param hasApplication false if no application with Airlock runs in this process, as in a
   *   unit test. @default true
   * @param isInOtherScope true if a scope is open that is not of the effect's application.
   *   @default false
   */
  constructor(
    readonly effect: string,
    hasApplication = true,
    isInOtherScope = false,
  ) {
    super(
      'AIRLOCK_NO_SCOPE',
      `Effect "${effect}" was called outside a scope, so nothing decides when it may get out. ` +
        (isInOtherScope
          ? 'The scope that is open here belongs to another application, or to none, as while one starts or several run. Open one with `AirlockService` of its application. '
          : '') +
        (hasApplication
          ? 'Call it within an entry point that Airlock covers, wrap the work in `airlock.run(...)`, `runInScope(...)` or an `@Airlock()` method, ' +
            "or set `outsideScope: 'report' | 'dispatch' | 'drop'`. " +
            "Guards and exception filters stand in one over HTTP only (`openAt: 'request'`). " +
            'In a test wrap the work in `captureEffects(app, ...)` of `nestjs-airlock/testing`, or call its `captureInEveryTest()` in a set-up file.'
          : 'No application with `AirlockModule` runs in this process. In a unit test wrap the work in `captureEffects(...)` of `nestjs-airlock/testing`, ' +
            'or call its `captureInEveryTest()` in a set-up file; in a script wrap it in `runInScope(...)`; in an application import `AirlockModule.forRoot()` into its root module.'),
    );
  }
}
