/** @throws Error naming what did not come true in time @internal */
export async function until(what: string, holds: () => boolean, timeoutMs = 8_000): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!holds()) {
    if (performance.now() > deadline) throw new Error(`Waited ${timeoutMs} ms in vain for ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

/** A turn of the event loop, in which others go on. @internal */
export function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1));
}
