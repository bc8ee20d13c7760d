import type { INestApplication } from '@nestjs/common';
import { AirlockService, type RunningScopeReport } from 'nestjs-airlock';

/**
 * Closes the shop at Ctrl-C or SIGTERM: requests that are under way finish, and their effects go
 * out before anything is closed. A second signal ends the process at once.
 */
export function closeOnSignal(app: INestApplication): void {
  const close = async (): Promise<void> => {
    console.log(`\n${farewell(app.get(AirlockService).running())}`);
    const since = performance.now();
    await app.close();
    console.log(`Closed after ${seconds(performance.now() - since)}.`);
  };
  process.once('SIGINT', () => void close());
  process.once('SIGTERM', () => void close());
}

/** Says what a shutdown waits for. */
export function farewell(running: readonly RunningScopeReport[]): string {
  if (running.length === 0) return 'Closing the shop; nothing is under way.';
  return ['Closing the shop, which waits for:', ...running.map(line)].join('\n');
}

function line({ name, ageMs, effects, waiting }: RunningScopeReport): string {
  const parts = [
    ...effects.map((effect) => `${effect.name} runs`),
    ...waiting.map((effect) => `${effect} is to follow`),
  ];
  return `  ${name ?? 'a scope'}, for ${seconds(ageMs)} so far: ${parts.join(', ') || 'no effect yet'}`;
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}
