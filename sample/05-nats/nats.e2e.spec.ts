import type { INestMicroservice, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { type ClientProxy, ClientProxyFactory } from '@nestjs/microservices';
import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { lastValueFrom } from 'rxjs';
import { describeWith, nats as server } from '../../test/servers.js';
import type * as Nats from './nats.js';
import type { Order } from './order.js';

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

  const ask = (name: string, data: unknown = []): Promise<unknown> =>
    lastValueFrom(client.send<unknown, unknown>(names.subject(name), data));
  const tea = { sku: 'tea', quantity: 2 };
  const soldOut = { sku: 'teapot', quantity: 11 };

  /** What is packed once there is so much of it; events arrive when they do. */
  async function parcels(count: number): Promise<readonly string[]> {
    for (;;) {
      const packed = (await ask('parcels')) as readonly string[];
      if (packed.length >= count) return packed.toSorted();
      await setTimeout(5);
    }
  }

  it('has an order packed that stands', async () => {
    expect(await ask('place', [tea])).toEqual({ id: 1, lines: [tea] });
    expect(await parcels(1)).toEqual(['1: 2 x tea']);
  });

  it('has nothing packed where a line is sold out, and tells the caller', async () => {
    await expect(ask('place', [tea, soldOut])).rejects.toMatchObject({
      message: 'There are not 11 of "teapot" left',
    });
    await ask('place', [tea]);
    expect(await parcels(1)).toEqual(['2: 2 x tea']);
  });

  it('has nothing packed that is imported', async () => {
    expect(await ask('import', [tea])).toEqual({ id: 1, lines: [tea] });
    await ask('place', [tea]);
    expect(await parcels(1)).toEqual(['2: 2 x tea']);
  });

  it('has each of many orders packed once, if it stands', async () => {
    const answers = await Promise.allSettled(
      Array.from({ length: 20 }, (_, index) => ask('place', index % 2 === 0 ? [tea] : [tea, soldOut])),
    );
    const placed = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [(answer.value as Order).id] : []));
    expect(placed).toHaveLength(10);
    expect(await parcels(10)).toEqual(placed.map((id) => `${id}: 2 x tea`).toSorted());
  });
});
