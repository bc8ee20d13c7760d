import { captureCalls } from '../../../core/outside/no-scope.js';
import { AirlockOptionsError } from '../../../errors/airlock-options.error.js';
import { EffectRecorder } from '../recording/effect-recorder.js';
import { callsOfTest } from './calls-of-test.runtime.js';

/** Hooks of Jest or Vitest. @publicApi */
export interface CaptureHooks {
  beforeEach(hook: () => void): unknown;
  afterAll(hook: () => void): unknown;
}

/** @publicApi */
export interface EveryTestOptions {
  /**
   * Hooks for test runners without global ones: `{ beforeEach, afterAll }` of `@jest/globals` or
   * `vitest`. @default the global ones
   */
  readonly hooks?: CaptureHooks;
  /**
   * `'capture'`: no effect runs. `'inline'`: each runs at its call, in this process, and a
   * `@SideEffect()` method returns the end of its effect, so that what a suite expects of its mocks
   * holds as before. The error of an effect is logged if nobody handles it. @default 'capture'
   */
  readonly mode?: 'capture' | 'inline';
}

const RECORDER = Symbol.for('nestjs-airlock.test-recorder');

/** Global, since a test may load its modules again. */
const tests = globalThis as { [RECORDER]?: EffectRecorder };

/**
 * Gives every test a capture of its own: an effect that is called outside any scope, as by a test
 * that calls a service directly, is recorded and kept in, or run by `mode: 'inline'`, instead of
 * `NoScopeError`. For a set-up file; `effectsOfTest()` is what the test at hand has called.
 *
 * Each such call is a unit of work that completes: an effect with `on: 'failure'` is dropped.
 *
 * Scopes and applications of a test stay as they are, an application's
 * `outsideScope: 'dispatch' | 'drop'` included. Tests that run at the same time in one file
 * (`it.concurrent`) cannot be told apart.
 *
 * @returns what `effectsOfTest()` returns
 * @throws AirlockOptionsError where there is no hook, or for what is no mode
 * @publicApi
 * @example
 * ```ts
 * // test/setup.ts
 * captureInEveryTest();
 * // any test
 * await mail.sendReceipt(7);
 * expect(effectsOfTest()).toHaveEnqueued(mail.sendReceipt, 7);
 * ```
 */
export function captureInEveryTest({
  hooks = globalThis as unknown as CaptureHooks,
  mode = 'capture',
}: EveryTestOptions = {}): EffectRecorder {
  if (typeof hooks.beforeEach !== 'function' || typeof hooks.afterAll !== 'function') {
    throw new AirlockOptionsError(
      'hooks',
      'There are no global `beforeEach` and `afterAll`. Call this in a file of `setupFilesAfterEnv` (Jest) or `setupFiles` (Vitest), or hand over those of your ' +
        'test runner: `captureInEveryTest({ hooks: { beforeEach, afterAll } })`.',
    );
  }
  if (!Object.hasOwn(callsOfTest, mode))
    throw AirlockOptionsError.expected('mode', "one of 'capture', 'inline'", mode);
  const recorder = (tests[RECORDER] = new EffectRecorder());
  // Makes a runtime for each test, so that work left running by an earlier test does not count for
  // the next one.
  const begin = (): (() => void) => {
    const runtime = callsOfTest[mode]();
    captureCalls((options, effect, args) => runtime.enqueue(options, effect, args));
    return recorder.recordFrom(runtime);
  };
  let stop = begin();
  hooks.beforeEach(() => {
    stop();
    recorder.clear();
    stop = begin();
  });
  // Channels belong to the process, which runs further test files.
  hooks.afterAll(() => {
    stop();
    captureCalls(undefined);
    delete tests[RECORDER];
  });
  return recorder;
}

/**
 * Returns the effects that the current test has called outside any scope, for the matchers.
 *
 * @throws AirlockOptionsError where `captureInEveryTest()` was not called
 * @publicApi
 */
export function effectsOfTest(): EffectRecorder {
  const recorder = tests[RECORDER];
  if (recorder !== undefined) return recorder;
  throw new AirlockOptionsError(
    'effectsOfTest',
    'Tests have no capture of their own. Call `captureInEveryTest()` in a set-up file of your test runner.',
  );
}
