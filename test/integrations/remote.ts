import { setTimeout as sleep } from 'node:timers/promises';
import type { INestApplicationContext } from '@nestjs/common';
import { AirlockService } from 'nestjs-airlock';
import type { ExecutorContractDelivery } from 'nestjs-airlock/testing';
import { EffectWorker } from '../../lib/nest/remote/effect-worker.js';

export { until } from '../until.js';

/** What loggers were told, by level. */
export class Lines {
  readonly all: (readonly [level: string, text: string])[] = [];
  readonly log = (text: unknown): void => void this.all.push(['log', String(text)]);
  readonly warn = (text: unknown): void => void this.all.push(['warn', String(text)]);
  readonly error = (text: unknown): void => void this.all.push(['error', String(text)]);
  readonly fatal = this.error;

  of(level: string): readonly string[] {
    return this.all.filter(([its]) => its === level).map(([, text]) => text);
  }
}

export function within<R>(
  application: Pick<INestApplicationContext, 'get'>,
  work: () => R,
): Promise<Awaited<R>> {
  return application.get(AirlockService).run(work);
}

/** Closes an application. @returns the milliseconds it took @throws if it does not close in time */
export async function msOfClosing(
  application: { close(): Promise<void> },
  timeoutMs = 15_000,
): Promise<number> {
  const startedAt = performance.now();
  await Promise.race([
    application.close(),
    sleep(timeoutMs, undefined, { ref: false }).then(() =>
      Promise.reject(new Error('It did not close.')),
    ),
  ]);
  return performance.now() - startedAt;
}

/** What the running side is handed from here on, in order. */
export function noteDeliveries(
  application: INestApplicationContext,
): readonly ExecutorContractDelivery[] {
  const deliveries: ExecutorContractDelivery[] = [];
  const worker = application.get(EffectWorker, { strict: false });
  const run = worker.run.bind(worker);
  jest.spyOn(worker, 'run').mockImplementation(async (data, options) => {
    const { id } = data as { id: string };
    try {
      await run(data, options);
      deliveries.push({ id });
    } catch (error) {
      deliveries.push({ id, error });
      throw error;
    }
  });
  return deliveries;
}
