import type { INestMicroservice } from '@nestjs/common';
import {
  type ClientOptions,
  type MicroserviceOptions,
  Transport as Protocol,
} from '@nestjs/microservices';
import { randomUUID } from 'node:crypto';
import type { AddressInfo, Server } from 'node:net';
import { nats, rabbitmq, redis, type TestServer } from '../../servers.js';

type Options = MicroserviceOptions & ClientOptions;

/** A way messages come in. */
export interface Transport {
  readonly name: string;
  /** Undefined where the application itself is the server. */
  readonly broker?: TestServer;
  /**
   * What an application listens with. A connection that is lost is made again at once.
   *
   * @param url the broker's, or that of a way to it
   * @param name shared with those that are to meet, where the broker itself does not bring them
   *   together
   */
  options(url?: string, name?: string): Options;
  /** What clients connect with once it listens, and all its patterns are known to the broker. */
  clientOptions(options: Options, service: INestMicroservice): Promise<Options>;
}

export const tcp: Transport = {
  name: 'TCP',
  options: () => ({ transport: Protocol.TCP, options: { port: 0, host: '127.0.0.1' } }),
  async clientOptions(_options, service) {
    const { port } = service.unwrap<Server>().address() as AddressInfo;
    return { transport: Protocol.TCP, options: { port, host: '127.0.0.1' } };
  },
};

export const overRedis: Transport = {
  name: 'Redis',
  broker: redis,
  options(url = redis.url) {
    const { hostname, port } = new URL(url);
    const address = { host: hostname, port: Number(port || 6379) };
    return {
      transport: Protocol.REDIS,
      options: { ...address, retryAttempts: 1_000, retryDelay: 10 },
    };
  },
  async clientOptions(options, service) {
    // Answered after the subscriptions that were asked for before it.
    await service.unwrap<[{ ping(): Promise<unknown> }]>()[0].ping();
    return options;
  },
};

export const overNats: Transport = {
  name: 'NATS',
  broker: nats,
  options: (url = nats.url) => ({
    transport: Protocol.NATS,
    options: { servers: [new URL(url).host], reconnectTimeWait: 10, maxReconnectAttempts: -1 },
  }),
  async clientOptions(options, service) {
    await service.unwrap<{ flush(): Promise<void> }>().flush();
    return options;
  },
};

export const overRabbitmq: Transport = {
  name: 'RabbitMQ',
  broker: rabbitmq,
  options: (url = rabbitmq.url, name = randomUUID()) => ({
    transport: Protocol.RMQ,
    options: {
      urls: [url],
      queue: `airlock-${name}`,
      // Survives its consumer's connection, and not the suite.
      queueOptions: { durable: false, arguments: { 'x-expires': 60_000 } },
      socketOptions: { reconnectTimeInSeconds: 0.02 },
    },
  }),
  // A queue waits for its consumer.
  clientOptions: async (options) => options,
};
