import { sideEffectOn } from '../nest/decorators/side-effect.decorator.js';
import type { Intent } from '../core/intent.js';
import type { TestedApplication } from './application-of.js';
import { assertEffectRef, type EffectRef, isCallOf, nameOfRef } from './effect-ref.js';
import { listOfEffects } from './matchers/listing.js';
import { recorderOf } from './recorder-of.js';
import type { EffectRecorder } from './recording/effect-recorder.js';
import { clearTimeout, setTimeout } from './recording/timers.js';
import { WaitTimeoutError } from './wait-timeout.error.js';

/** @publicApi */
export interface WaitOptions {
  /** @default 1000 */
  readonly timeoutMs?: number;
}

/** @publicApi */
export interface WaitForRunOptions extends WaitOptions {
  /** How often it is to have been run. @default 1 */
  readonly times?: number;
}

/** @publicApi */
export interface WaitForEffectOptions extends WaitOptions {
  /** Which of several calls is meant. @default any */
  readonly where?: (intent: Intent) => boolean;
}

/**
 * Waits until an effect has been let out, and resolves at once where that has happened already since the boot or the last
 * `clear()`. In process that means that it has run; for a remote executor, that its engine has it, and `waitForRun` waits for
 * the worker.
 *
 * @returns the first such intent
 * @throws WaitTimeoutError listing what there was instead; AirlockOptionsError without `AirlockTestingModule`
 * @publicApi
 */
export async function waitForEffect(
  app: TestedApplication,
  effect: EffectRef,
  { timeoutMs = 1000, where = () => true }: WaitForEffectOptions = {},
): Promise<Intent> {
  assertEffectRef(effect);
  const recorder = recorderOf(app);
  const found = (): Intent | undefined => recorder.dispatched.find((one) => isCallOf(one, effect) && where(one));
  const seen = await until(recorder, found, timeoutMs);
  if (seen !== undefined) return seen;
  throw new WaitTimeoutError(`${nameOfRef(effect)} to be let out`, timeoutMs, listOfEffects(recorder));
}

/**
 * Waits until a worker of this application has run an effect that came from a queue, with what it enqueued handed on, as many
 * `times`, and resolves at once where that has happened already since the boot or the last `clear()`.
 *
 * @throws WaitTimeoutError naming what was run instead; AirlockOptionsError without `AirlockTestingModule`
 * @publicApi
 */
export async function waitForRun(
  app: TestedApplication,
  effect: EffectRef,
  { timeoutMs = 1000, times = 1 }: WaitForRunOptions = {},
): Promise<void> {
  assertEffectRef(effect);
  const recorder = recorderOf(app);
  const isDone = (): boolean => recorder.runs.filter((name) => isNameOf(name, effect)).length >= times;
  if (await until(recorder, () => isDone() || undefined, timeoutMs)) return;
  const facts = recorder.runs.length === 0 ? 'No worker has run any effect.' : `Run: ${recorder.runs.join(', ')}.`;
  const often = times === 1 ? '' : ` ${times} times`;
  throw new WaitTimeoutError(`a worker to run ${nameOfRef(effect)}${often}`, timeoutMs, facts);
}

/** Workers know effects by name: one of a method ends with the method's. */
function isNameOf(name: string, effect: EffectRef): boolean {
  if (typeof effect === 'string') return name === effect;
  const given = sideEffectOn(effect)?.name;
  return given === undefined ? name.endsWith(`.${effect.name}`) : name === given;
}

async function until<T>(
  recorder: EffectRecorder,
  find: () => T | undefined,
  timeoutMs: number,
): Promise<T | undefined> {
  let stop: (() => void) | undefined;
  let timer: NodeJS.Timeout | undefined;
  const found = find();
  if (found !== undefined) return found;
  try {
    return await new Promise<T | undefined>((resolve) => {
      timer = setTimeout(resolve, timeoutMs, undefined);
      stop = recorder.onChange(() => {
        const now = find();
        if (now !== undefined) resolve(now);
      });
    });
  } finally {
    clearTimeout(timer);
    stop?.();
  }
}
