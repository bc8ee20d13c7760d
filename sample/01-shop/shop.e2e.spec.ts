import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import type { INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { AirlockTestingModule, recorderOf, waitForRun } from 'nestjs-airlock/testing';
import { startPgliteEmpty } from '../../test/pglite.js';
import { describeWith, freshDatabase, postgres, redis } from '../../test/servers.js';
import { AppModule } from './app.module.js';
import { Database } from './database/database.js';
import { LocalMailServer, type ReceivedMail } from './mail/local-mail.server.js';
import type { OutboxEntry } from './effects/outbox.controller.js';
import type { Order } from './orders/order.js';
import { EXECUTORS, Settings } from './settings/settings.js';
import type { Reservation } from './warehouse/reservation.js';
import { WarehouseClient } from './warehouse/warehouse.client.js';

jest.setTimeout(60_000);

const receipt = 'MailService.sendReceipt';

const opened = new Set<INestApplication>();
let shared: INestApplication | undefined;
const drops: (() => Promise<void>)[] = [];

beforeAll(startPgliteEmpty);
afterEach(async () => {
  for (const app of opened) if (app !== shared) await close(app);
});
afterAll(async () => {
  for (const drop of drops) await drop();
});

describe('the shop on PGlite, with pg-boss', () => {
  session(() => ({}));

  it('shows in its outbox what is still to be done, and why', async () => {
    const app = await open(new Settings({ smtpUrl: await closedAddress('smtp') }));
    const { status } = await post(app, '/orders', {
      email: 'bob@example.com',
      lines: [{ sku: 'tea' }],
    });
    expect(status).toBe(201);
    const outbox = await until(
      () => get<OutboxEntry[]>(app, '/outbox'),
      ([first]) => first?.state === 'retry',
    );
    expect(outbox).toEqual([
      {
        effect: 'MailService.sendReceipt',
        state: 'retry',
        retries: 0,
        error: expect.stringContaining('ECONNREFUSED'),
      },
    ]);
  });
});

describe('the shop on PGlite, in process', () => {
  const shop = session(() => ({ executor: 'in-process' }));

  it('has no outbox', async () => {
    expect(await get(shop(), '/outbox')).toMatchObject({
      statusCode: 404,
      message: expect.stringContaining('in-process'),
    });
  });
});

describe('the shop on PGlite, in process behind the outbox', () => {
  session(() => ({ executor: 'outbox' }));

  it('keeps the receipt as a row until there is a mail server', async () => {
    const app = await open(
      new Settings({ executor: 'outbox', smtpUrl: await closedAddress('smtp') }),
    );
    const { status } = await post(app, '/orders', {
      email: 'bob@example.com',
      lines: [{ sku: 'tea' }],
    });
    expect(status).toBe(201);
    const outbox = await until(
      () => get<OutboxEntry[]>(app, '/outbox'),
      ([first]) => first?.state === 'retry',
    );
    expect(outbox).toEqual([
      {
        effect: 'MailService.sendReceipt',
        state: 'retry',
        retries: 1,
        error: expect.stringContaining('ECONNREFUSED'),
      },
    ]);
  });
});

describeWith(redis, 'the shop on PGlite, with BullMQ', () => {
  session(() => ({ executor: 'bullmq', redisUrl: redis.url, queue: `shop-${randomUUID()}` }));
});

describeWith(postgres, 'the shop on PostgreSQL, with pg-boss', () => {
  session(async () => ({ databaseUrl: await aDatabase() }));

  it('starts on tables that are there already, twice at once', async () => {
    const settings = new Settings({ databaseUrl: await aDatabase() });
    await close(await open(settings));
    const apps = await Promise.all([open(settings), open(settings)]);
    expect(await get(apps[0], '/orders')).toEqual(await get(apps[1], '/orders'));
  });

  it('mails by SMTP_URL, reserves at WAREHOUSE_URL and says that the inbox is not here', async () => {
    const mails = await LocalMailServer.start();
    const warehouse = await open(
      new Settings({ databaseUrl: await aDatabase(), executor: 'in-process' }),
    );
    const warehouseUrl = addressOf(warehouse, '/warehouse/reservations');
    const shop = await open(
      new Settings({ databaseUrl: await aDatabase(), smtpUrl: mails.url, warehouseUrl }),
    );

    const { body } = await post<Order>(shop, '/orders', {
      email: 'bob@example.com',
      lines: [{ sku: 'tea' }],
    });
    await waitForRun(shop, receipt, { timeoutMs: 20_000 });
    expect(mails.inbox).toMatchObject([
      { to: ['bob@example.com'], subject: `Receipt for order ${body.id}` },
    ]);
    expect(await get(warehouse, '/warehouse/reservations')).toEqual([
      { orderId: body.id, sku: 'tea', quantity: 1 },
    ]);
    expect(await get(shop, '/inbox')).toMatchObject({
      statusCode: 404,
      message: expect.stringContaining('SMTP_URL'),
    });
    await mails.onApplicationShutdown();
  });

  it('keeps the receipt until there is a mail server, over the end of the process', async () => {
    const databaseUrl = await aDatabase();
    const without = await open(new Settings({ databaseUrl, smtpUrl: await closedAddress('smtp') }));
    const { body } = await post<Order>(without, '/orders', {
      email: 'bob@example.com',
      lines: [{ sku: 'tea' }],
    });
    await close(without);

    const app = await open(new Settings({ databaseUrl }));
    await waitForRun(app, receipt, { timeoutMs: 30_000 });
    expect(await get(app, '/inbox')).toMatchObject([{ subject: `Receipt for order ${body.id}` }]);
  });
});

describe('the settings of the shop', () => {
  it.each(EXECUTORS)('know AIRLOCK_EXECUTOR=%s', (executor) => {
    expect(Settings.fromEnvironment({ AIRLOCK_EXECUTOR: executor }).executor).toBe(executor);
  });

  it('refuse another executor by its name', () => {
    const reading = (): Settings => Settings.fromEnvironment({ AIRLOCK_EXECUTOR: 'kafka' });
    expect(reading).toThrow(
      'AIRLOCK_EXECUTOR is "kafka"; the shop knows pg-boss, bullmq, outbox, in-process.',
    );
  });
});

function session(
  given: () => Partial<Settings> | Promise<Partial<Settings>>,
): () => INestApplication {
  let app: INestApplication;
  const errors: unknown[] = [];

  beforeAll(async () => {
    shared = app = await open(new Settings(await given()), (message) => errors.push(message));
  });
  afterAll(() => close(app));

  /** What came in from outside and what was written, since this was last asked. */
  const seen = { mails: 0, reservations: 0, orders: 0 };
  async function news() {
    if (!['in-process', 'outbox'].includes(app.get(Settings).executor)) {
      const times = recorderOf(app).dispatched.filter(({ name }) => name === receipt).length;
      await waitForRun(app, receipt, { times, timeoutMs: 20_000 });
    }
    const mails = await get<ReceivedMail[]>(app, '/inbox');
    const reservations = await get<Reservation[]>(app, '/warehouse/reservations');
    const orders = await get<Order[]>(app, '/orders');
    const fresh = {
      mails: mails.slice(seen.mails),
      reservations: reservations.slice(seen.reservations),
      orders: orders.slice(seen.orders),
    };
    Object.assign(seen, {
      mails: mails.length,
      reservations: reservations.length,
      orders: orders.length,
    });
    return fresh;
  }
  const nothing = { mails: [], reservations: [], orders: [] };
  const stockOf = async (sku: string): Promise<number> => {
    const [row] = await app
      .get(Database)
      .query<{ stock: number }>('select stock from shop_products where sku = $1', [sku]);
    return row!.stock;
  };
  const email = 'ada@example.com';

  beforeEach(news);

  describe('when an order succeeds', () => {
    it('mails the receipt and tells the warehouse of every line', async () => {
      const { status, body } = await post<Order>(app, '/orders', {
        email,
        lines: [{ sku: 'tea', quantity: 2 }, { sku: 'teapot' }],
      });
      expect(status).toBe(201);
      expect(await news()).toEqual({
        mails: [
          {
            to: [email],
            subject: `Receipt for order ${body.id}`,
            text: '2 x Darjeeling, 100 g: 19.00 EUR\n1 x Cast iron teapot: 69.00 EUR\nTotal: 88.00 EUR',
          },
        ],
        reservations: [
          { orderId: body.id, sku: 'tea', quantity: 2 },
          { orderId: body.id, sku: 'teapot', quantity: 1 },
        ],
        orders: [body],
      });
    });
  });

  describe('when an order fails', () => {
    it.each([
      ['its second line is sold out', 409, { sku: 'teapot', quantity: 5000 }],
      ['its second line is unknown', 404, { sku: 'coffee' }],
      ['its second line is not understood', 400, { sku: 'tea', quantity: -1 }],
    ])('tells nobody of its first line: %s', async (_, status, line) => {
      const stock = await stockOf('tea');
      const response = await post(app, '/orders', { email, lines: [{ sku: 'tea' }, line] });
      expect(response.status).toBe(status);
      expect(await news()).toEqual(nothing);
      expect(await stockOf('tea')).toBe(stock);
    });
  });

  describe('when staff place an order', () => {
    it('tells the warehouse and does not mail the customer', async () => {
      const { status, body } = await post<Order>(app, '/admin/orders', {
        email,
        lines: [{ sku: 'teapot' }],
      });
      expect(status).toBe(201);
      expect(await news()).toEqual({
        mails: [],
        reservations: [{ orderId: body.id, sku: 'teapot', quantity: 1 }],
        orders: [body],
      });
    });
  });

  describe('when an order is to be wrapped', () => {
    it('asks for gift boxes too', async () => {
      const { body } = await post<Order>(app, '/orders', {
        email,
        lines: [{ sku: 'tea', quantity: 3 }],
        giftWrap: true,
      });
      expect(body.giftWrapped).toBe(true);
      expect((await news()).reservations).toEqual([
        { orderId: body.id, sku: 'tea', quantity: 3 },
        { orderId: body.id, sku: 'gift-box:tea', quantity: 3 },
      ]);
    });

    it('loses the gift boxes alone where one line fits none', async () => {
      const { status, body } = await post<Order>(app, '/orders', {
        email,
        lines: [{ sku: 'tea' }, { sku: 'ladder' }],
        giftWrap: true,
      });
      expect(status).toBe(201);
      expect(body.giftWrapped).toBe(false);
      const { mails, reservations } = await news();
      expect(mails).toHaveLength(1);
      expect(reservations).toEqual([
        { orderId: body.id, sku: 'tea', quantity: 1 },
        { orderId: body.id, sku: 'ladder', quantity: 1 },
      ]);
      const boxes = 'select from shop_gift_boxes where order_id = $1';
      expect(await app.get(Database).query(boxes, [body.id])).toEqual([]);
    });
  });

  describe('when an order is rehearsed', () => {
    it('answers with the names of what would get out, and lets nothing out', async () => {
      const stock = await stockOf('tea');
      const draft = { email, lines: [{ sku: 'tea' }], giftWrap: true };
      expect(await post(app, '/orders/dry-run', draft)).toEqual({
        status: 200,
        body: {
          wouldLetOut: ['WarehouseClient.reserve', 'postReservation', 'MailService.sendReceipt'],
        },
      });
      expect(await news()).toEqual(nothing);
      expect(await stockOf('tea')).toBe(stock);
    });

    it('fails as the order would', async () => {
      const { status } = await post(app, '/orders/dry-run', { email, lines: [{ sku: 'coffee' }] });
      expect(status).toBe(404);
    });
  });

  describe('when twenty customers order at once', () => {
    it('mails each the receipt of their own order, and only of those that succeed', async () => {
      const customers = Array.from({ length: 20 }, (_, index) => ({
        email: `customer-${index}@example.com`,
        lines: [{ sku: 'tea' }, index % 2 === 0 ? { sku: 'teapot' } : { sku: 'coffee' }],
      }));
      const answers = await Promise.all(
        customers.map((draft) => post<Order>(app, '/orders', draft)),
      );
      const placed = answers.filter(({ status }) => status === 201).map(({ body }) => body);
      expect(placed).toHaveLength(10);
      const { mails, reservations } = await news();
      const receipts = placed.map(({ id, email: to }) => `${to}: Receipt for order ${id}`);
      expect(mails.map(({ to, subject }) => `${to.join()}: ${subject}`).toSorted()).toEqual(
        receipts.toSorted(),
      );
      expect(new Set(reservations.map(({ orderId }) => orderId))).toEqual(
        new Set(placed.map(({ id }) => id)),
      );
      expect(reservations).toHaveLength(20);
    });
  });

  describe('when the warehouse cannot be reached', () => {
    it('takes the order, mails the receipt and logs which effect failed', async () => {
      const url = jest
        .spyOn(app.get(WarehouseClient), 'url', 'get')
        .mockReturnValue(await closedAddress());
      const { status, body } = await post<Order>(app, '/orders', {
        email,
        lines: [{ sku: 'tea' }],
      });
      url.mockRestore();
      expect(status).toBe(201);
      expect(errors).toEqual([expect.stringContaining('WarehouseClient.reserve')]);
      expect(await news()).toMatchObject({
        mails: [{ subject: `Receipt for order ${body.id}` }],
        reservations: [],
        orders: [body],
      });
    });
  });

  return () => app;
}

/** The shop as it is, and a record of its effects. */
async function open(
  settings: Settings,
  error: (message: unknown) => void = () => undefined,
): Promise<INestApplication> {
  const silent = (): void => undefined;
  const builder = Test.createTestingModule({ imports: [AppModule.forRoot(settings)] });
  const tested = await AirlockTestingModule.override(builder, { mode: 'real' }).compile();
  const app = tested.createNestApplication({ logger: { log: silent, warn: silent, error } });
  opened.add(app);
  await app.listen(0, '127.0.0.1');
  return app;
}

async function close(app: INestApplication): Promise<void> {
  opened.delete(app);
  await app.close();
}

/** With jobs of its own: a worker takes whatever waits in its database. */
async function aDatabase(): Promise<string> {
  const database = await freshDatabase();
  drops.push(() => database.drop());
  return database.url;
}

function addressOf(app: INestApplication, path: string): string {
  const { port } = app.getHttpServer().address() as AddressInfo;
  return `http://127.0.0.1:${port}${path}`;
}

async function get<T>(app: INestApplication, path: string): Promise<T> {
  const response = await fetch(addressOf(app, path));
  return (await response.json()) as T;
}

async function post<T>(
  app: INestApplication,
  path: string,
  body: object,
): Promise<{ status: number; body: T }> {
  const response = await fetch(addressOf(app, path), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return { status: response.status, body: (await response.json()) as T };
}

/** Where nobody listens any more. */
async function closedAddress(protocol = 'http'): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await once(server.close(), 'close');
  return `${protocol}://127.0.0.1:${port}/`;
}

async function until<T>(read: () => Promise<T>, isDone: (value: T) => boolean): Promise<T> {
  const value = await read();
  if (isDone(value)) return value;
  await setTimeout(50);
  return until(read, isDone);
}
