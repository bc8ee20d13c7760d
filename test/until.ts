import { setTimeout as sleep } from 'node:timers/promises';

/** Waits until something holds. @throws what `otherwise` says, if it does not in time */
export async function until(
  holds: () => unknown,
  timeoutMs = 15_000,
  otherwise = (): string => `Waited in vain for ${holds.toString()}`,
): Promise<void> {
  const end = performance.now() + timeoutMs;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`${otherwise()}, after ${timeoutMs / 1_000} s`);
    await sleep(5);
  }
}
