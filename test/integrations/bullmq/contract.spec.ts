import { randomUUID } from 'node:crypto';
import { type DynamicModule, Module, type Provider } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Queue } from 'bullmq';
import { AirlockModule } from 'nestjs-airlock';
import { AirlockBullMqModule, BullMqExecutor } from 'nestjs-airlock/bullmq';
import { describeExecutorContract } from 'nestjs-airlock/testing';
import { describeWith, redis } from '../../servers.js';
import { noteDeliveries } from '../remote.js';

@Module({})
class AppModule {
  static with(providers: readonly Provider[], queue: string, worker: boolean): DynamicModule {
    return {
      module: AppModule,
      imports: [
        AirlockModule.forRoot({ executor: BullMqExecutor }),
        AirlockBullMqModule.forRoot({
          connection: redis.url,
          queue,
          worker,
          jobOptions: { attempts: 3, removeOnComplete: true },
        }),
      ],
      providers: [...providers],
    };
  }
}

describeWith(redis, 'The contract of executors', () => {
  describeExecutorContract('BullMqExecutor', {
    remote: true,
    attempts: 3,
    boot: async (providers) => {
      const name = `contract-${randomUUID().slice(0, 8)}`;
      const start = (module: DynamicModule) =>
        NestFactory.createApplicationContext(module, { logger: false });
      const producer = await start(AppModule.with(providers.producer, name, false));
      const consumer = await start(AppModule.with(providers.consumer, name, true));
      const deliveries = noteDeliveries(consumer);
      return {
        producer,
        delivered: () => deliveries,
        close: async () => {
          await Promise.all([producer.close(), consumer.close()]);
          const queue = new Queue(name, { connection: { url: redis.url } as never });
          await queue.obliterate({ force: true });
          await queue.close();
        },
      };
    },
  });
});
