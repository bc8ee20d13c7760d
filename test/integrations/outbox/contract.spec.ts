import { randomUUID } from 'node:crypto';
import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Queue } from 'bullmq';
import { AirlockModule, InProcessExecutor } from 'nestjs-airlock';
import { AirlockBullMqModule, BullMqExecutor } from 'nestjs-airlock/bullmq';
import { ClientProxyExecutor } from 'nestjs-airlock/microservices';
import { describeExecutorContract } from 'nestjs-airlock/testing';
import { describeWith, postgres, redis } from '../../servers.js';
import { brokers, moduleWith, startConsumer } from '../microservices/contract.fixtures.js';
import { noteDeliveries } from '../remote.js';
import type { OutboxClient } from './client.js';
import { connectPg } from './clients/pg.js';
import { boot } from './fixtures.js';

/** Everything is a row first, in transactions and outside. */
const WRITTEN = { outsideTransaction: 'write' } as const;

describeWith(postgres, 'The contract of executors, behind the outbox', () => {
  describe('in this process', () => {
    describeExecutorContract('InProcessExecutor', {
      transactional: true,
      boot: async ({ producer }) => {
        const client = await connectPg();
        const app = await boot(client, {
          outbox: { executor: InProcessExecutor },
          providers: producer,
        });
        return { producer: app, ...endOf(client, [app]) };
      },
    });
  });

  describeWith(redis, 'BullMQ', () => {
    describeExecutorContract('BullMqExecutor', {
      remote: true,
      transactional: true,
      attempts: 3,
      boot: async (providers) => {
        const client = await connectPg();
        const queue = `contract-${randomUUID().slice(0, 8)}`;
        const connection = redis.url;
        const jobOptions = { attempts: 3, removeOnComplete: true };
        const producer = await boot(client, {
          outbox: { executor: BullMqExecutor, ...WRITTEN },
          providers: providers.producer,
          imports: [AirlockBullMqModule.forRoot({ connection, queue, jobOptions })],
        });
        const consumer = await NestFactory.createApplicationContext(
          moduleWith(
            [
              AirlockModule.forRoot(),
              AirlockBullMqModule.forRoot({ connection, queue, jobOptions, worker: true }),
            ],
            providers.consumer,
          ),
          { logger: false },
        );
        const deliveries = noteDeliveries(consumer);
        return {
          producer,
          delivered: () => deliveries,
          ...endOf(client, [producer, consumer], async () => {
            const jobs = new Queue(queue, { connection: { url: connection } as never });
            await jobs.obliterate({ force: true });
            await jobs.close();
          }),
        };
      },
    });
  });

  describe.each(brokers)('$name', (server, optionsFor) => {
    describeWith(server, 'in its weakest form', () => {
      describeExecutorContract('ClientProxyExecutor', {
        remote: true,
        transactional: true,
        boot: async (providers) => {
          const client = await connectPg();
          const { consumer, deliveries, imports } = await startConsumer(
            optionsFor,
            providers.consumer,
          );
          const producer = await boot(client, {
            outbox: { executor: ClientProxyExecutor, ...WRITTEN },
            providers: providers.producer,
            imports,
          });
          return { producer, delivered: () => deliveries, ...endOf(client, [producer, consumer]) };
        },
      });
    });
  });
});

/** The transactions of a client, and the end of a system that uses it. */
function endOf(
  client: OutboxClient,
  apps: readonly Pick<INestApplicationContext, 'close'>[],
  clear: () => Promise<void> = async () => {},
): { transaction<T>(fn: () => Promise<T>): Promise<T>; close(): Promise<void> } {
  return {
    transaction: (fn) => client.transaction(fn),
    close: async () => {
      await Promise.all(apps.map((app) => app.close()));
      await clear();
      await client.close();
    },
  };
}
