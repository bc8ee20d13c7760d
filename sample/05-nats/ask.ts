import { Logger } from '@nestjs/common';
import { ClientProxyFactory } from '@nestjs/microservices';
import { lastValueFrom } from 'rxjs';
import { nats, subject } from './nats.js';

/**
 * Sends one message from the command line and prints the answer:
 * `ask place '[{"sku":"tea","quantity":2}]'`.
 */
const [name = 'parcels', data = '[]'] = process.argv.slice(2);
Logger.overrideLogger(['error']);
const client = ClientProxyFactory.create(nats);
try {
  console.log(
    JSON.stringify(
      await lastValueFrom(client.send<unknown, unknown>(subject(name), JSON.parse(data))),
    ),
  );
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
} finally {
  await client.close();
}
