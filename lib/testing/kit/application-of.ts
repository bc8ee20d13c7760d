import type { INestApplicationContext } from '@nestjs/common';
import { AirlockRuntime } from '../../core/runtime.js';
import { AirlockOptionsError } from '../../errors/airlock-options.error.js';

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
      'This application has no `AirlockModule`. Import `AirlockModule.forRoot()` in its root module.',
      { cause },
    );
  }
}
