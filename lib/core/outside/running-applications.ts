/**
 * Number of applications with Airlock that run in this process, those of other installed copies
 * included. For messages only.
 */
const RUNNING = Symbol.for('nestjs-airlock.running-applications');

const counts = globalThis as { [RUNNING]?: number };

/** @internal */
export function applicationBegan(): void {
  counts[RUNNING] = (counts[RUNNING] ?? 0) + 1;
}

/** @internal */
export function applicationEnded(): void {
  counts[RUNNING] = (counts[RUNNING] ?? 1) - 1;
}

/** @internal */
export function hasRunningApplication(): boolean {
  return (counts[RUNNING] ?? 0) > 0;
}
