import {
  captureEffects,
  checkForLeaks,
  drain,
  waitForEffect,
  waitForRun,
} from 'nestjs-airlock/testing';
import { watchForLeaks } from '../../../../lib/testing/kit/leaks/check-for-leaks.js';
import { errorOf } from '../../core/fixtures.js';

/** None of them comes to look at it. */
const app = {} as never;

describe.each<[string, (ms: number) => unknown]>([
  ['timeoutMs', (timeoutMs) => waitForEffect(app, 'Mail.send', { timeoutMs })],
  ['timeoutMs', (timeoutMs) => waitForRun(app, 'Mail.send', { timeoutMs })],
  ['timeoutMs', (timeoutMs) => drain(app, { timeoutMs })],
  ['settleTimeoutMs', (settleTimeoutMs) => captureEffects(() => {}, { settleTimeoutMs })],
  ['graceMs', (graceMs) => watchForLeaks({ graceMs })],
  [
    'graceMs',
    (graceMs) => checkForLeaks({ graceMs, hooks: { beforeEach: () => {}, afterEach: () => {} } }),
  ],
])('when `%s` is given', (key, call) => {
  // Longer ones would mean 1 ms to a timer.
  it.each([2 ** 31, Infinity, NaN, -1])('refuses %d by name', async (ms) => {
    expect(await errorOf(() => call(ms))).toMatchObject({ code: 'AIRLOCK_OPTIONS', key });
  });
});
