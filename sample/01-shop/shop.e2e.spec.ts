import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import type { INestApplication } from '@nestjs/common';
import { describeWith, freshSchema, postgres } from '../../test/servers.js';
import { createApp } from './create-app.js';
import { Database } from './database/database.js';
import { LocalMailServer, type ReceivedMail } from './mail/local-mail.server.js';
import type { Order } from './orders/order.js';
import { Settings } from './settings/settings.js';
import type { Reservation } from './warehouse/reservation.js';
import { WarehouseClient } from './warehouse/warehouse.client.js';

jest.setTimeout(60_000);

describe('the shop on PGlite', () => {
  session(() => undefined);
});

describeWith(postgres, 'the shop on PostgreSQL', () => {
  let schema: Awaited<ReturnType<typeof freshSchema>>;

  beforeAll(async () => {
    schema = await freshSchema();
  });
  afterAll(() => schema.drop());

  session(() => schema.url);

  it('starts on tables that are there already, twice at once', async () => {
    const settings = new Settings({ databaseUrl: schema.url });
    const apps = await Promise.all([open(settings), open(settings)]);
    expect(await get(apps[0], '/orders')).toEqual(await get(apps[1], '/orders'));
    await Promise.all(apps.map((app) => app.close()));
  });

  it('mails by SMTP_URL, reserves at WAREHOUSE_URL and says that the inbox is not here', async () => {
    const mails = await LocalMailServer.start();
    const warehouse = await open(new Settings({ databaseUrl: schema.url }));
    const reserved = (await get<Reservation[]>(warehouse, '/warehouse/reservations')).length;
    const warehouseUrl = addressOf(warehouse, '/warehouse/reservations');
    const shop = await open(new Settings({ databaseUrl: schema.url, smtpUrl: mails.url, warehouseUrl }));

    const { body } = await post<Order>(shop, '/orders', { email: 'bob@example.com', lines: [{ sku: 'tea' }] });
    expect(mails.inbox).toMatchObject([{ to: ['bob@example.com'], subject: `Receipt for order ${body.id}` }]);
    const reservations = await get<Reservation[]>(warehouse, '/warehouse/reservations');
    expect(reservations.slice(reserved)).toEqual([{ orderId: body.id, sku: 'tea', quantity: 1 }]);
    expect(await get(shop, '/inbox')).toMatchObject({ statusCode: 404, message: expect.stringContaining('SMTP_URL') });

    await shop.close();
    await Promise.all([warehouse.close(), mails.onApplicationShutdown()]);
  });
});

function session(databaseUrl: () => string | undefined): void {
  let app: INestApplication;
  const errors: unknown[] = [];

  beforeAll(async () => {
    app = await open(new Settings({ databaseUrl: databaseUrl() }), (message) => errors.push(message));
  });
  afterAll(() => app.close());

  /** What came in from outside and what was written, since this was last asked. */
  const seen = { mails: 0, reservations: 0, orders: 0 };
  async function news() {
    const mails = await get<ReceivedMail[]>(app, '/inbox');
    const reservations = await get<Reservation[]>(app, '/warehouse/reservations');
    const orders = await get<Order[]>(app, '/orders');
    const fresh = {
      mails: mails.slice(seen.mails),
      reservations: reservations.slice(seen.reservations),
      orders: orders.slice(seen.orders),
    };
    Object.assign(seen, { mails: mails.length, reservations: reservations.length, orders: orders.length });
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
      const { status, body } = await post<Order>(app, '/admin/orders', { email, lines: [{ sku: 'teapot' }] });
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
        body: { wouldLetOut: ['WarehouseClient.reserve', 'postReservation', 'MailService.sendReceipt'] },
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
      const answers = await Promise.all(customers.map((draft) => post<Order>(app, '/orders', draft)));
      const placed = answers.filter(({ status }) => status === 201).map(({ body }) => body);
      expect(placed).toHaveLength(10);
      const { mails, reservations } = await news();
      const receipts = placed.map(({ id, email: to }) => `${to}: Receipt for order ${id}`);
      expect(mails.map(({ to, subject }) => `${to.join()}: ${subject}`).toSorted()).toEqual(receipts.toSorted());
      expect(new Set(reservations.map(({ orderId }) => orderId))).toEqual(new Set(placed.map(({ id }) => id)));
      expect(reservations).toHaveLength(20);
    });
  });

  describe('when the warehouse cannot be reached', () => {
    it('takes the order, mails the receipt and logs which effect failed', async () => {
      const url = jest.spyOn(app.get(WarehouseClient), 'url', 'get').mockReturnValue(await closedAddress());
      const { status, body } = await post<Order>(app, '/orders', { email, lines: [{ sku: 'tea' }] });
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
}

async function open(
  settings: Settings,
  error: (message: unknown) => void = () => undefined,
): Promise<INestApplication> {
  const silent = (): void => undefined;
  const app = await createApp(settings, { logger: { log: silent, warn: silent, error } });
  await app.listen(0, '127.0.0.1');
  return app;
}

function addressOf(app: INestApplication, path: string): string {
  const { port } = app.getHttpServer().address() as AddressInfo;
  return `http://127.0.0.1:${port}${path}`;
}

async function get<T>(app: INestApplication, path: string): Promise<T> {
  const response = await fetch(addressOf(app, path));
  return (await response.json()) as T;
}

async function post<T>(app: INestApplication, path: string, body: object): Promise<{ status: number; body: T }> {
  const response = await fetch(addressOf(app, path), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return { status: response.status, body: (await response.json()) as T };
}

/** Where nobody listens any more. */
async function closedAddress(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await once(server.close(), 'close');
  return `http://127.0.0.1:${port}/`;
}
