import type { INestApplicationContext } from '@nestjs/common';
import type { ExecutorContractDelivery } from 'nestjs-airlock/testing';
import { EffectWorker } from '../../lib/nest/remote/effect-worker.js';

/** Writes down what an application's worker is handed from now on, and how it ended. */
export function deliveriesTo(
  app: INestApplicationContext,
): () => readonly ExecutorContractDelivery[] {
  const worker = app.get(EffectWorker, { strict: false });
  const run = worker.run.bind(worker);
  const deliveries: ExecutorContractDelivery[] = [];
  worker.run = async (data, options) => {
    const { id } = data as { id: string };
    try {
      await run(data, options);
      deliveries.push({ id });
    } catch (error) {
      deliveries.push({ id, error });
      throw error;
    }
  };
  return () => [...deliveries];
}
