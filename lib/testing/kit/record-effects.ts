import type { AirlockRuntime } from '../../core/runtime.js';
import { AirlockOptionsError } from '../../errors/airlock-options.error.js';
import { AirlockApplication } from '../../nest/application/airlock.application.js';
import { runtimeOf, type TestedApplication } from './application-of.js';
import { EffectRecorder } from './recording/effect-recorder.js';
import { TestedAirlockApplication } from './tested.application.js';

/** Recorders of applications that `recordEffects` was called with. */
const recorders = new WeakMap<AirlockRuntime, EffectRecorder>();

/**
 * Records, from this call on, what becomes of the effects of an application that was made without
 * `AirlockTestingModule`: for `recorderOf`, the matchers, `drain`, `waitForEffect` and
 * `waitForRun`. Effects go out as in production.
 *
 * @returns what ends the recording
 * @throws AirlockOptionsError for an application that is recorded already, or has no airlock
 * @publicApi
 */
export function recordEffects(app: TestedApplication): () => void {
  const runtime = runtimeOf(app);
  if (recorderIn(app) !== undefined)
    throw new AirlockOptionsError('app', 'This application is recorded already.');
  const recorder = new EffectRecorder();
  recorders.set(runtime, recorder);
  return recorder.recordFrom(runtime);
}

/** @internal */
export function recorderIn(app: TestedApplication): EffectRecorder | undefined {
  const known = recorders.get(runtimeOf(app));
  if (known !== undefined) return known;
  const application = app.get(AirlockApplication, { strict: false });
  return application instanceof TestedAirlockApplication ? application.recorder : undefined;
}
