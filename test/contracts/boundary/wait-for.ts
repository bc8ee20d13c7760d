import { setTimeout } from 'node:timers/promises';
import { until } from '../../../lib/testing/contracts/until.js';

/** @throws Error naming what did not become true in time */
export async function waitFor(
  what: string,
  isTrue: () => boolean,
  timeoutMs = 8_000,
): Promise<void> {
  if (!(await until(isTrue, timeoutMs)))
    throw new Error(`Waited ${timeoutMs} ms in vain for ${what}.`);
}

/** Waits for a turn of the event loop, in which others go on. */
export function turn(): Promise<void> {
  return setTimeout(1);
}
