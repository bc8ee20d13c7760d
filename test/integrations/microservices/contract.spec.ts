import { randomUUID } from 'node:crypto';
import { Module, type ModuleMetadata, type Provider } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  type ClientProvider,
  ClientsModule,
  type MicroserviceOptions,
  Transport,
} from '@nestjs/microservices';
import { AirlockModule } from 'nestjs-airlock';
import { AirlockMicroservicesModule, ClientProxyExecutor } from 'nestjs-airlock/microservices';
import { describeExecutorContract } from 'nestjs-airlock/testing';
import { describeWith, nats, rabbitmq, redis } from '../../servers.js';
import { noteDeliveries } from '../remote.js';

const { hostname: host, port } = new URL(redis.url);

/** Without acknowledgement: what is asked of all of them is what the weakest can do. */
const transports: readonly (readonly [typeof redis, (subject: string) => MicroserviceOptions])[] = [
  [redis, () => ({ transport: Transport.REDIS, options: { host, port: Number(port || 6379) } })],
  [
    nats,
    () => ({ transport: Transport.NATS, options: { servers: [nats.url.replace('nats://', '')] } }),
  ],
  [
    rabbitmq,
    (queue) => ({
      transport: Transport.RMQ,
      options: { urls: [rabbitmq.url], queue, queueOptions: { durable: false, autoDelete: true } },
    }),
  ],
];

function moduleWith(
  imports: ModuleMetadata['imports'],
  providers: readonly Provider[],
): new () => object {
  @Module({ imports: imports!, providers: [...providers] })
  class AppModule {}
  return AppModule;
}

describe.each(transports)('The contract of executors over $name', (server, optionsFor) => {
  describeWith(server, 'in its weakest form', () => {
    describeExecutorContract('ClientProxyExecutor', {
      remote: true,
      boot: async (providers) => {
        const pattern = `contract-${randomUUID().slice(0, 8)}`;
        const consumer = await NestFactory.createMicroservice<MicroserviceOptions>(
          moduleWith(
            [
              AirlockModule.forRoot(),
              AirlockMicroservicesModule.forRoot({ pattern, consumer: true }),
            ],
            providers.consumer,
          ),
          { ...optionsFor(pattern), logger: false },
        );
        await consumer.listen();
        const deliveries = noteDeliveries(consumer);
        const client = { name: 'BROKER', ...optionsFor(pattern) } as ClientProvider & {
          name: string;
        };
        const producer = await NestFactory.createApplicationContext(
          moduleWith(
            [
              AirlockModule.forRoot({ executor: ClientProxyExecutor }),
              AirlockMicroservicesModule.forRoot({ client: 'BROKER', pattern }),
              ClientsModule.register([client]),
            ],
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
