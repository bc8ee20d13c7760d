import type { INestMicroservice, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { type ClientProxy, ClientProxyFactory } from '@nestjs/microservices';
import { BlockTasks } from 'nestjs-airlock';
import { airlockMatchers, captureEffects, checkForLeaks } from 'nestjs-airlock/testing';
import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { lastValueFrom } from 'rxjs';
import { describeWith, nats as server } from '../../test/servers.js';
import type * as Nats from './nats.js';
import type { Order } from './order.js';

expect.extend(airlockMatchers);

describeWith(server, 'the shop on NATS', () => {
  let names: typeof Nats;
  let module: Type;
  let app: INestMicroservice;
  let client: ClientProxy;

  beforeAll(async () => {
    // A shop of its own on the server: patterns are named when their classes are.
    Object.assign(process.env, { SHOP: randomUUID(), NATS_URL: server.url });
    names = await import('./nats.js');
    ({ AppModule: module } = await import('./app.module.js'));
  });
  beforeEach(async () => {
    app = await NestFactory.createMicroservice(module, { ...names.nats, logger: false });
    await app.listen();
    await app.unwrap<{ flush(): Promise<void> }>().flush();
    client = ClientProxyFactory.create(names.nats);
  });
  afterEach(async () => {
    await client.close();
    await app.close();
  });
  checkForLeaks();

  const ask = (name: string, data: unknown = []): Promise<unknown> =>
    lastValueFrom(client.send<unknown, unknown>(names.subject(name), data));
  const tea = { sku: 'tea', quantity: 2 };
  const soldOut = { sku: 'teapot', quantity: 11 };

  it('announces an order that stands', async () => {
    const captured = await captureEffects(app, () => ask('place', [tea]));
    expect(captured.result).toEqual({ id: 1, lines: [tea] });
    expect(captured).toHaveDispatched('NewsService.placed', { id: 1, lines: [tea] });
  });

  it('announces nothing where a line is sold out, and tells the caller', async () => {
    const captured = await captureEffects(app, () => ask('place', [tea, soldOut]));
    expect(captured.error).toMatchObject({ message: 'There are not 11 of "teapot" left' });
    expect(captured).toHaveDropped('NewsService.placed', { reason: 'outcome' });
    expect(captured).toHaveNoEffects();
  });

  it('announces nothing that is imported', async () => {
    const captured = await captureEffects(app, () => ask('import', [tea]));
    expect(captured.result).toEqual({ id: 1, lines: [tea] });
    expect(captured).toHaveDropped('NewsService.placed', { reason: 'policy', policy: BlockTasks });
    expect(captured).toHaveNoEffects();
  });

  it('has each of many orders packed once, if it stands', async () => {
    const answers = await Promise.allSettled(
      Array.from({ length: 20 }, (_, index) =>
        ask('place', index % 2 === 0 ? [tea] : [tea, soldOut]),
      ),
    );
    const orders = answers.flatMap((answer) =>
      answer.status === 'fulfilled' ? [(answer.value as Order).id] : [],
    );
    expect(orders).toHaveLength(10);
    // Events arrive when they do.
    let packed: readonly string[] = [];
    while (packed.length < 10) {
      await setTimeout(5);
      packed = (await ask('parcels')) as readonly string[];
    }
    expect(packed.toSorted()).toEqual(orders.map((id) => `${id}: 2 x tea`).toSorted());
  });
});
