import { NestFactory } from '@nestjs/core';
import { Transport } from '@nestjs/microservices';
import { AirlockModule } from 'nestjs-airlock';
import { ClientProxyExecutor } from 'nestjs-airlock/microservices';
import { describeExecutorContract } from 'nestjs-airlock/testing';
import { describeWith, redis } from '../../servers.js';
import { brokers, moduleWith, startConsumer } from './contract.fixtures.js';

const { hostname: host, port } = new URL(redis.url);

const transports: typeof brokers = [
  [redis, () => ({ transport: Transport.REDIS, options: { host, port: Number(port || 6379) } })],
  ...brokers,
];

describe.each(transports)('The contract of executors over $name', (server, optionsFor) => {
  describeWith(server, 'in its weakest form', () => {
    describeExecutorContract('ClientProxyExecutor', {
      remote: true,
      boot: async (providers) => {
        const { consumer, deliveries, imports } = await startConsumer(
          optionsFor,
          providers.consumer,
        );
        const producer = await NestFactory.createApplicationContext(
          moduleWith(
            [AirlockModule.forRoot({ executor: ClientProxyExecutor }), ...imports],
            providers.producer,
          ),
          { logger: false },
        );
        return {
          producer,
          delivered: () => deliveries,
          close: async () => {
            await Promise.all([producer.close(), consumer.close()]);
          },
        };
      },
    });
  });
});
