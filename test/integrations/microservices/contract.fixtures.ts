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
import { AirlockMicroservicesModule } from 'nestjs-airlock/microservices';
import { nats, rabbitmq } from '../../servers.js';
import { noteDeliveries } from '../remote.js';

type OptionsFor = (subject: string) => MicroserviceOptions;

/** Without acknowledgement: what is asked of all of them is what the weakest can do. */
export const brokers: readonly (readonly [typeof nats, OptionsFor])[] = [
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

export function moduleWith(
  imports: ModuleMetadata['imports'],
  providers: readonly Provider[],
): new () => object {
  @Module({ imports: imports!, providers: [...providers] })
  class AppModule {}
  return AppModule;
}

/** Starts a microservice that consumes effects. @returns it, with what its producer imports */
export async function startConsumer(optionsFor: OptionsFor, providers: readonly Provider[]) {
  const pattern = `contract-${randomUUID().slice(0, 8)}`;
  const consumer = await NestFactory.createMicroservice<MicroserviceOptions>(
    moduleWith(
      [AirlockModule.forRoot(), AirlockMicroservicesModule.forRoot({ pattern, consumer: true })],
      providers,
    ),
    { ...optionsFor(pattern), logger: false },
  );
  await consumer.listen();
  const client = { name: 'BROKER', ...optionsFor(pattern) } as ClientProvider & { name: string };
  return {
    consumer,
    deliveries: noteDeliveries(consumer),
    imports: [
      AirlockMicroservicesModule.forRoot({ client: 'BROKER', pattern }),
      ClientsModule.register([client]),
    ],
  };
}
