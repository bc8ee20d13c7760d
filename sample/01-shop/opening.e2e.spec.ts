import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { INestApplication } from '@nestjs/common';
import { AirlockService } from 'nestjs-airlock';
import { startPgliteEmpty } from '../../test/pglite.js';
import { createApp } from './create-app.js';
import { openShop } from './opening.js';
import { Settings } from './settings/settings.js';
import { ShopLogger } from './shop.logger.js';
import { farewell } from './shutdown.js';

jest.setTimeout(60_000);

/** A warehouse that accepts what it is told, and answers when it is let to. */
const warehouse = createServer();
const address = (): string =>
  `http://127.0.0.1:${(warehouse.address() as AddressInfo).port}/reservations`;

let app: INestApplication;
beforeAll(async () => {
  await once(warehouse.listen(0, '127.0.0.1'), 'listening');
  startPgliteEmpty();
  const settings = new Settings({ executor: 'in-process', warehouseUrl: address() });
  app = await createApp(settings, { logger: new ShopLogger({ logLevels: ['error'] }) });
});
afterAll(async () => {
  await app.close();
  await once(warehouse.close(), 'close');
});
afterEach(() => jest.restoreAllMocks());

describe('when the port of the shop is taken', () => {
  it('says so in a sentence, and nothing else', async () => {
    const said = jest.spyOn(console, 'error').mockReturnValue();
    const written = jest.spyOn(process.stderr, 'write').mockReturnValue(true);
    const { port } = warehouse.address() as AddressInfo;
    expect(await openShop(app, port)).toBe(false);
    expect(said.mock.calls).toEqual([
      [`Port ${port} is taken. Choose another one: PORT=${port + 1} npm start`],
    ]);
    expect(written).not.toHaveBeenCalled();
  });
});

describe('when the shop is opened and closed', () => {
  it('says where its page and its inspector are, and at last what it waits for', async () => {
    const said = jest.spyOn(console, 'log').mockReturnValue();
    expect(await openShop(app, 0)).toBe(true);
    expect(said.mock.calls.join()).toContain(' at http://localhost:0/airlock\n');
    const airlock = app.get(AirlockService);
    expect(farewell(airlock.running())).toBe('Closing the shop; nothing is under way.');

    const told = once(warehouse, 'request');
    const { port } = app.getHttpServer().address() as AddressInfo;
    expect((await fetch(`http://127.0.0.1:${port}/airlock`)).status).toBe(200);
    const order = fetch(`http://127.0.0.1:${port}/orders`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ email: 'ada@example.com', lines: [{ sku: 'tea' }] }),
    });
    const [, answer] = await told;
    expect(farewell(airlock.running())).toMatch(
      /^Closing the shop, which waits for:\n {2}OrdersController\.place, for \d+\.\d s so far: WarehouseClient\.reserve runs, MailService\.sendReceipt is to follow$/,
    );
    answer.end();
    expect((await order).status).toBe(201);
  });
});
