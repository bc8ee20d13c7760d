import { AirlockApplication } from '../nest/airlock.application.js';
import { AirlockOptionsError } from '../errors/airlock-options.error.js';
import { runtimeOf, type TestedApplication } from './application-of.js';
import type { EffectRecorder } from './recording/effect-recorder.js';
import { TestedAirlockApplication } from './tested.application.js';

/**
 * What an application under test has recorded.
 *
 * @throws AirlockOptionsError for an application without `AirlockTestingModule`
 * @publicApi
 */
export function recorderOf(app: TestedApplication): EffectRecorder {
  return testedAirlockOf(app).recorder;
}

/** @throws AirlockOptionsError for an application without `AirlockTestingModule` @internal */
export function testedAirlockOf(app: TestedApplication): TestedAirlockApplication {
  // Says what is wrong with one that has no airlock at all.
  runtimeOf(app);
  const application = app.get(AirlockApplication, { strict: false });
  if (application instanceof TestedAirlockApplication) return application;
  throw new AirlockOptionsError(
    'app',
    'This application records no effects. Compile it with ' +
      '`AirlockTestingModule.override(Test.createTestingModule({ imports: [AppModule] }), { mode })`, ' +
      'or import `AirlockTestingModule.forRoot({ mode })` in place of `AirlockModule.forRoot()`.',
  );
}
