import { ModulesContainer } from '@nestjs/core';
import { methodName } from '../../../core/effect/bound-effect.js';
import type { Intent } from '../../../core/model/intent.js';
import { sideEffectBodyOn, sideEffectOn } from '../../../nest/decorators/side-effect.decorator.js';
import { membersOf } from '../../../nest/container/providers.js';
import { duration } from '../../../nest/options/option-checks.js';
import type { TestedApplication } from '../application-of.js';
import {
  assertEffectRef,
  type EffectRef,
  isCallOf,
  nameOfRef,
} from '../../../core/effect/effect-ref.js';
import { listOfEffects } from '../texts/listing.js';
import { assertTimes, timesText } from '../texts/times.js';
import { recorderOf } from '../recorder-of.js';
import type { EffectRecorder } from '../recording/effect-recorder.js';
import { realTime } from '../recording/timers.js';
import { WaitTimeoutError } from './wait-timeout.error.js';

/** @publicApi */
export interface WaitOptions {
  /** @default 1000 */
  readonly timeoutMs?: number;
}

/** @publicApi */
export interface WaitForRunOptions extends WaitOptions {
  /** Number of runs to wait for. @default 1 */
  readonly times?: number;
}

/** @publicApi */
export interface WaitForEffectOptions extends WaitOptions {
  /** Tells which of several calls is expected. @default any */
  readonly where?: (intent: Intent) => boolean;
}

/**
 * Waits until an effect has been let out. Resolves at once if that has happened since the boot or
 * the last `clear()`. In process the effect has run by then; for a remote executor its engine has
 * it, and `waitForRun` waits for the worker.
 *
 * @returns the first such intent
 * @throws WaitTimeoutError listing what there was instead; AirlockOptionsError without
 *   `AirlockTestingModule`
 * @publicApi
 */
export async function waitForEffect(
  app: TestedApplication,
  effect: EffectRef,
  { timeoutMs = 1000, where = () => true }: WaitForEffectOptions = {},
): Promise<Intent> {
  assertEffectRef(effect);
  duration('timeoutMs', timeoutMs);
  const recorder = recorderOf(app);
  const found = (): Intent | undefined =>
    recorder.dispatched.find((intent) => isCallOf(intent, effect) && where(intent));
  const seen = await until(recorder, found, timeoutMs);
  if (seen !== undefined) return seen;
  throw new WaitTimeoutError(
    `${nameOfRef(effect)} to be let out`,
    timeoutMs,
    listOfEffects(recorder),
  );
}

/**
 * Waits until a worker of this application has run an effect from a queue so many `times`, and has
 * handed on the effects that it called. Resolves at once if that has happened since the boot or the
 * last `clear()`.
 *
 * @throws WaitTimeoutError naming what was run instead; AirlockOptionsError without
 *   `AirlockTestingModule`
 * @publicApi
 */
export async function waitForRun(
  app: TestedApplication,
  effect: EffectRef,
  { timeoutMs = 1000, times = 1 }: WaitForRunOptions = {},
): Promise<void> {
  assertEffectRef(effect);
  assertTimes(times);
  duration('timeoutMs', timeoutMs);
  const recorder = recorderOf(app);
  const names = namesIn(app, effect);
  const isDone = (): boolean =>
    recorder.runs.filter((name) => names.includes(name)).length >= times;
  if (await until(recorder, () => isDone() || undefined, timeoutMs)) return;
  const facts =
    recorder.runs.length === 0
      ? 'No worker has run any effect.'
      : `Run: ${recorder.runs.join(', ')}.`;
  const often = times === 1 ? '' : ` ${timesText(times)}`;
  throw new WaitTimeoutError(`a worker to run ${nameOfRef(effect)}${often}`, timeoutMs, facts);
}

/**
 * Finds the names by which workers of an application know an effect: one for each class that has
 * it.
 */
function namesIn(app: TestedApplication, effect: EffectRef): readonly string[] {
  if (typeof effect === 'string') return [effect];
  const body = sideEffectBodyOn(effect);
  if (body === undefined) return [];
  return [...membersOf(app.get(ModulesContainer, { strict: false }))].flatMap(
    ({ type, marked }) => {
      const prototype = type.prototype as Record<string, object>;
      const keys = [...marked.keys()].filter((key) => sideEffectBodyOn(prototype[key]!) === body);
      return keys.map(
        (key) =>
          sideEffectOn(prototype[key]!)?.name ??
          methodName(Object.create(prototype) as object, key),
      );
    },
  );
}

async function until<T>(
  recorder: EffectRecorder,
  find: () => T | undefined,
  timeoutMs: number,
): Promise<T | undefined> {
  const found = find();
  if (found !== undefined) return found;
  let stop: () => void;
  const changed = new Promise<T>((resolve) => {
    stop = recorder.onChange(() => {
      const now = find();
      if (now !== undefined) resolve(now);
    });
  });
  const time = realTime(timeoutMs);
  try {
    return await Promise.race([changed, time.isOver]);
  } finally {
    time.end();
    stop!();
  }
}
