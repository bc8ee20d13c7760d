import type { UnitOfWork } from '../../../core/scope/unit-of-work.js';
import { AirlockOptionsError } from '../../../errors/airlock-options.error.js';
import { duration } from '../../../nest/options/option-checks.js';
import { onMessages } from '../recording/messages.js';
import { UnitsAtWork } from '../recording/units-at-work.js';
import { ScopeLeakError } from './scope-leak.error.js';

/** Hooks of Jest or Vitest. @publicApi */
export interface TestHooks {
  beforeEach(hook: () => void): unknown;
  afterEach(hook: () => Promise<void>): unknown;
}

/** @publicApi */
export interface LeakCheckOptions {
  /** Time that scopes may take to end after the test, in milliseconds. @default 100 */
  readonly graceMs?: number;
  /**
   * Hooks for test runners without global ones: `{ beforeEach, afterEach }` of `@jest/globals` or
   * `vitest`. @default the global ones
   */
  readonly hooks?: TestHooks;
}

/** @publicApi */
export interface LeakWatch {
  /**
   * Ends the watch.
   *
   * @throws ScopeLeakError naming scopes opened since its start that have not ended
   */
  end(): Promise<void>;
}

/**
 * Fails every test that leaves a scope neither flushed nor discarded, naming it and the line that
 * opened it. To be called once in a test file, a `describe` or a set-up file; not for tests that
 * run at the same time in one file (`it.concurrent`), which cannot be told apart.
 *
 * @throws AirlockOptionsError where there are no hooks
 * @publicApi
 */
export function checkForLeaks({
  hooks = globalThis as unknown as TestHooks,
  ...options
}: LeakCheckOptions = {}): void {
  if (typeof hooks.beforeEach !== 'function' || typeof hooks.afterEach !== 'function') {
    throw new AirlockOptionsError(
      'hooks',
      'There are no global `beforeEach` and `afterEach`. Hand over those of your test runner: `checkForLeaks({ hooks: { beforeEach, afterEach } })`.',
    );
  }
  if (options.graceMs !== undefined) duration('graceMs', options.graceMs);
  let watch: LeakWatch | undefined;
  hooks.beforeEach(() => {
    watch = watchForLeaks(options);
  });
  hooks.afterEach(async () => {
    await watch?.end();
  });
}

/** Does the same by hand, from this call to `end()`. @publicApi */
export function watchForLeaks({
  graceMs = 100,
}: Pick<LeakCheckOptions, 'graceMs'> = {}): LeakWatch {
  duration('graceMs', graceMs);
  const atWork = new UnitsAtWork();
  const openings = new WeakMap<UnitOfWork, Error>();
  const stop = onMessages((kind, { reason }, unit) => {
    if (kind !== 'scope') return;
    if (reason !== 'open') return atWork.ended();
    openings.set(unit, opening());
    atWork.opened(unit);
  });
  return {
    async end() {
      const left = await atWork.rest(graceMs);
      stop();
      const leaks = left
        .filter((unit) => !unit.isEnded)
        .map((unit) => ({ scope: unit.view, openedAt: callerOf(openings.get(unit)!) }));
      if (leaks.length > 0) throw new ScopeLeakError(leaks);
    },
  };
}

/**
 * Notes where a scope is opened. The text of a stack is made only when it is read: most scopes end.
 */
function opening(): Error {
  const before = Error.stackTraceLimit;
  Error.stackTraceLimit = 50;
  const here = new Error();
  Error.stackTraceLimit = before;
  return here;
}

/** Finds the innermost line on a stack that is neither of this package nor of Node. */
function callerOf({ stack = '' }: Error): string {
  const [own = '', ...others] = stack
    .split('\n')
    .slice(1)
    .map((line) => line.replace(/^\s*at (?:.*\()?(.*?)\)?$/, '$1'));
  const ours = own.slice(0, own.lastIndexOf('testing'));
  return (
    others.find((place) => !place.startsWith(ours) && !place.startsWith('node:')) ??
    'an unknown place'
  );
}
