import type { INestApplicationContext } from '@nestjs/common';
import { AirlockRuntime } from '../../core/runtime.js';
import { AirlockOptionsError } from '../../errors/airlock-options.error.js';
import { AIRLOCK_OPTIONS } from '../../nest/options/airlock-options.js';

/** A Nest application, application context or `TestingModule`. @publicApi */
export type TestedApplication = Pick<INestApplicationContext, 'get'>;

/** @internal */
export function isApplication(value: unknown): value is TestedApplication {
  return typeof (value as Partial<TestedApplication> | null | undefined)?.get === 'function';
}

/** @throws AirlockOptionsError for what is no application, or has no airlock @internal */
export function runtimeOf(app: TestedApplication): AirlockRuntime {
  if (!isApplication(app))
    throw AirlockOptionsError.expected('app', 'a Nest application or TestingModule', app);
  try {
    return app.get(AirlockRuntime, { strict: false });
  } catch (cause) {
    throw new AirlockOptionsError(
      'app',
      has(app, AIRLOCK_OPTIONS)
        ? 'The `AirlockModule` of this application and this kit come from two loads of `nestjs-airlock`, as after `jest.resetModules()` or from two installed copies. ' +
            'Import the kit and the application between the same two resets.'
        : 'This application has no `AirlockModule`. Import `AirlockModule.forRoot()` in its root module.',
      { cause },
    );
  }
}

function has(app: TestedApplication, token: symbol): boolean {
  try {
    app.get(token, { strict: false });
    return true;
  } catch {
    return false;
  }
}
