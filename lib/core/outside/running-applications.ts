import type { UnitHost } from '../scope/unit-of-work.js';

/**
 * Number of applications with Airlock that run in this process, those of other installed copies
 * included. For messages only.
 */
const RUNNING = Symbol.for('nestjs-airlock.running-applications');

const counts = globalThis as { [RUNNING]?: number };

/**
 * Applications whose modules are initialised, held weakly, since tests may never close theirs. One
 * whose boot fails before that is never closed either.
 */
const started = new Set<WeakRef<UnitHost>>();

/** @internal */
export function applicationBegan(): void {
  counts[RUNNING] = (counts[RUNNING] ?? 0) + 1;
}

/** @internal */
export function applicationStarted(application: UnitHost): void {
  started.add(new WeakRef(application));
}

/** @internal */
export function applicationEnded(application: UnitHost): void {
  counts[RUNNING] = (counts[RUNNING] ?? 1) - 1;
  for (const running of started) if (running.deref() === application) started.delete(running);
}

/** @internal */
export function hasRunningApplication(): boolean {
  return (counts[RUNNING] ?? 0) > 0;
}

/** The application that has started and not ended; undefined if there are none or several. @internal */
export function soleApplication(): UnitHost | undefined {
  // A set: Nest initialises the modules of a test anew for an application that is made of them.
  const running = new Set<UnitHost>();
  for (const reference of started) {
    const application = reference.deref();
    if (application === undefined) started.delete(reference);
    else running.add(application);
  }
  const [application] = running;
  return running.size === 1 ? application : undefined;
}
