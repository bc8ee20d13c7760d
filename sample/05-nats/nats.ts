import { type NatsOptions, Transport } from '@nestjs/microservices';

/** Where the services meet. */
export const nats = {
  transport: Transport.NATS,
  options: { servers: [process.env.NATS_URL || 'nats://127.0.0.1:4222'] },
} satisfies NatsOptions;

/** What messages are about; a prefix keeps several shops on one server apart. */
export const subject = (name: string): string => `${process.env.SHOP || 'shop'}.${name}`;
