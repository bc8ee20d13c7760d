import type { INestApplication } from '@nestjs/common';
import { AirlockService, type RunningScopeReport } from 'nestjs-airlock';

const signals = ['SIGINT', 'SIGTERM'] as const;

/**
 * Closes the shop at Ctrl-C or SIGTERM: requests that are under way finish, and their effects go
 * out before anything is closed. A second signal ends the process at once.
 */
export function closeOnSignal(app: INestApplication): void {
  const close = async (): Promise<void> => {
    // Without a listener a signal ends the process.
    for (const signal of signals) process.off(signal, onSignal);
    console.log(`\n${farewell(app.get(AirlockService).running())}`);
    const since = performance.now();
    await app.close();
    console.log(`Closed after ${seconds(performance.now() - since)}.`);
  };
  const onSignal = (): void =>
    void close().catch((error: unknown) => {
      console.error('The shop could not be closed:', error);
      process.exit(1);
    });
  for (const signal of signals) process.on(signal, onSignal);
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
