import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { checkForLeaks } from 'nestjs-airlock/testing';
import { startPgliteEmpty } from '../../test/pglite.js';
import type { PlacedOrder } from './orders/order.js';

jest.setTimeout(60_000);

const email = 'ada@example.com';
const tea = { sku: 'tea', quantity: 2 };
const ladder = { sku: 'ladder', quantity: 1 };

describe('the shop in Prisma', () => {
  let app: INestApplication;

  checkForLeaks();
  beforeAll(async () => {
    execFileSync(process.execPath, [join(__dirname, 'generate.mjs')], { stdio: 'pipe' });
    startPgliteEmpty();
    // It needs the client that has just been generated.
    const { AppModule } = await import('./app.module.js');
    app = await NestFactory.create(AppModule, { logger: false });
    await app.listen(0, '127.0.0.1');
  }, 120_000);
  afterAll(() => app.close());

  async function order(
    draft: object,
  ): Promise<{ readonly status: number; readonly body: PlacedOrder }> {
    const response = await fetch(`${await app.getUrl()}/orders`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(draft),
    });
    return { status: response.status, body: (await response.json()) as PlacedOrder };
  }
  interface Told {
    readonly orders: number;
    readonly giftBoxes: number;
    readonly sent: readonly string[];
    readonly reserved: readonly string[];
  }
  const look = async (): Promise<Told> =>
    (await (await fetch(`${await app.getUrl()}/orders`)).json()) as Told;

  let before: Told;
  beforeEach(async () => {
    before = await look();
  });
  /** What has come since the test began. */
  async function news(): Promise<Told> {
    const { orders, giftBoxes, sent, reserved } = await look();
    return {
      orders: orders - before.orders,
      giftBoxes: giftBoxes - before.giftBoxes,
      sent: sent.slice(before.sent.length),
      reserved: reserved.slice(before.reserved.length),
    };
  }

  it('tells the customer and the warehouse of an order that succeeds, gift boxes included', async () => {
    const { status, body } = await order({ email, lines: [tea], giftWrap: true });
    expect(status).toBe(201);
    expect(body).toMatchObject({ totalCents: 1900, giftWrapped: true });
    expect(await news()).toEqual({
      orders: 1,
      giftBoxes: 1,
      sent: [`${email}: receipt for order ${body.id}`],
      reserved: [`order ${body.id}: 2 x tea`, `order ${body.id}: 1 x gift box for tea`],
    });
  });

  it('tells nobody of an order whose second line is sold out', async () => {
    const { status } = await order({ email, lines: [tea, { sku: 'teapot', quantity: 5000 }] });
    expect(status).toBe(409);
    expect(await news()).toEqual({ orders: 0, giftBoxes: 0, sent: [], reserved: [] });
  });

  it('loses the gift boxes alone where one product fits none', async () => {
    const { body } = await order({ email, lines: [tea, ladder], giftWrap: true });
    expect(body.giftWrapped).toBe(false);
    expect(await news()).toEqual({
      orders: 1,
      giftBoxes: 0,
      sent: [`${email}: receipt for order ${body.id}`],
      reserved: [`order ${body.id}: 2 x tea`, `order ${body.id}: 1 x ladder`],
    });
  });

  it('tells each of five customers who order at once of their own order', async () => {
    const customers = Array.from({ length: 5 }, (_, index) => `customer-${index}@example.com`);
    const answers = await Promise.all(
      customers.map((customer) => order({ email: customer, lines: [tea] })),
    );
    const receipts = answers.map(
      ({ body }, index) => `${customers[index]!}: receipt for order ${body.id}`,
    );
    expect((await news()).sent.toSorted()).toEqual(receipts.toSorted());
  });
});
