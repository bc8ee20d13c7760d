import { AirlockOptionsError } from '../../errors/airlock-options.error.js';
import type { TestedApplication } from './application-of.js';
import { recorderIn } from './record-effects.js';
import type { EffectRecorder } from './recording/effect-recorder.js';

/**
 * Hands out what an application under test has recorded.
 *
 * @throws AirlockOptionsError for an application without `AirlockTestingModule`
 * @publicApi
 * @example
 * ```ts
 * expect(recorderOf(app).dispatched.map(String)).toEqual(['MailService.sendReceipt']);
 * ```
 */
export function recorderOf(app: TestedApplication): EffectRecorder {
  const recorder = recorderIn(app);
  if (recorder !== undefined) return recorder;
  throw new AirlockOptionsError(
    'app',
    'This application records no effects. Compile it with ' +
      '`AirlockTestingModule.override(Test.createTestingModule({ imports: [AppModule] }), { mode })`, ' +
      'or import `AirlockTestingModule.forRoot({ mode })` in place of `AirlockModule.forRoot()`. ' +
      '`recordEffects(app)` does for one that is to stay as it is.',
  );
}
