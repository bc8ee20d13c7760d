import { setTimeout } from 'node:timers/promises';

/** Waits until something is true. @returns false if it has not become true in time @internal */
export async function until(isTrue: () => boolean, timeoutMs: number): Promise<boolean> {
  const end = performance.now() + timeoutMs;
  while (!isTrue() && performance.now() < end) await setTimeout(2);
  return isTrue();
}

/** A promise that a case resolves when it wants to. @internal */
export class Gate {
  open!: () => void;
  readonly opened = new Promise<void>((resolve) => (this.open = resolve));
}
