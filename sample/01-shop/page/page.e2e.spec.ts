import type { AddressInfo } from 'node:net';
import type { INestApplication } from '@nestjs/common';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { describeInBrowser } from '../../../test/browser.js';
import { startPgliteEmpty } from '../../../test/pglite.js';
import { createApp } from '../create-app.js';
import { Settings } from '../settings/settings.js';

jest.setTimeout(60_000);

/** What is told of an unpaid order. */
const unpaid = [
  '402, The card was declined for order N',
  'dropped WarehouseClient.reserve Dropped because transaction "shop" was rolled back.',
  'dropped MailService.sendReceipt Dropped because transaction "shop" was rolled back.',
];

const phone = { width: 390, height: 844 };

describeInBrowser('the page of the shop', (browser) => {
  let app: INestApplication;
  const pages: Page[] = [];
  const problems: string[] = [];

  beforeAll(async () => {
    startPgliteEmpty();
    app = await createApp(new Settings(), { logger: false });
    await app.listen(0, '127.0.0.1');
  });
  // Before the application is closed, which a connection that is kept for later would hold up.
  afterEach(async () => {
    for (const page of pages.splice(0)) await page.context().close();
    if (problems.length > 0) throw new Error(problems.splice(0).join('\n'));
  });
  afterAll(() => app.close());

  async function open(settings: BrowserContextOptions = {}): Promise<Page> {
    const { port } = app.getHttpServer().address() as AddressInfo;
    const url = `http://127.0.0.1:${port}`;
    const page = await (await browser().newContext(settings)).newPage();
    pages.push(page);
    page.on('pageerror', (error) => problems.push(String(error)));
    page.on('request', (request) => {
      if (!request.url().startsWith(url)) problems.push(request.url());
    });
    page.on('console', (message) => {
      if (/Content Security Policy/.test(message.text())) problems.push(message.text());
    });
    // Lets a test send events of its own.
    await page.addInitScript(`window.EventSource = class extends EventSource {
      constructor(url) { super(url); window.source = this; }
    }`);
    await page.goto(url);
    return page;
  }

  /** Clicks an order; returns what the page says of it, each effect as a line. */
  async function order(page: Page, title: string): Promise<readonly string[]> {
    const titled = { has: page.getByText(title, { exact: true }) };
    await page.locator('button').filter(titled).click();
    // Those of earlier tests are called by their entry points.
    const unit = page.locator('.unit').filter(titled);
    await unit.getByText(/^\d{3}, /).waitFor();
    await unit
      .getByText(/^(kept in|waiting)$/)
      .first()
      .waitFor({ state: 'detached' });
    const answer = await unit.locator('.answer').innerText();
    // Not as laid out: the page may draw them anew meanwhile, and these are in no page then.
    const effects = await unit
      .locator('.effect')
      .evaluateAll((all) => all.map(({ innerHTML }) => innerHTML.replace(/<[^>]+>/g, ' ').trim()));
    return [answer, ...effects].map((text) =>
      text
        .replace(/\s+/g, ' ')
        .replace(/\border \d+/, 'order N')
        // By then a worker may have run the job.
        .replace(/ Attempt 1 ran without an error\.$/, ''),
    );
  }

  it.each([
    [
      'An order',
      [
        '201, order N',
        'out WarehouseClient.reserve Ran without an error.',
        'out MailService.sendReceipt Handed to PgBossExecutor.',
      ],
    ],
    ['An unpaid order', unpaid],
    [
      'An order by staff',
      [
        '201, order N',
        'out WarehouseClient.reserve Ran without an error.',
        'dropped MailService.sendReceipt Dropped: BlockTasks on AdminOrdersController said no.',
      ],
    ],
    [
      'A gift wrap that does not fit',
      [
        '201, order N',
        'out WarehouseClient.reserve Ran without an error.',
        'out WarehouseClient.reserve Ran without an error.',
        'dropped postReservation Dropped because transaction "shop" was rolled back.',
        'out MailService.sendReceipt Handed to PgBossExecutor.',
      ],
    ],
    [
      'A dry run',
      [
        '200, would let out WarehouseClient.reserve, postReservation, MailService.sendReceipt',
        'dropped WarehouseClient.reserve Dropped because transaction "shop" was rolled back.',
        'dropped postReservation Dropped because transaction "shop" was rolled back.',
        'dropped MailService.sendReceipt Dropped because transaction "shop" was rolled back.',
      ],
    ],
  ])('tells what became of the effects of: %s', async (title, told) => {
    expect(await order(await open(), title)).toEqual(told);
  });

  describe('when the shop did not answer a click', () => {
    it('names the next unit of work after its own click', async () => {
      const page = await open();
      await page.route('**/orders', (route) => route.abort());
      await page.getByRole('button', { name: /^An order The/ }).click();
      await page.getByText('An order: The shop does not answer.').waitFor();
      await page.unroute('**/orders');
      expect(await order(page, 'An unpaid order')).toEqual(unpaid);
    });
  });

  describe('when the inspector tells all it knows between a click and its unit of work', () => {
    it('names no earlier unit of work after the click', async () => {
      const page = await open();
      await order(page, 'An order');
      await page.reload();
      await page.locator('.unit').first().waitFor();
      // The event of a reconnection.
      await page.route('**/orders', async (route) => {
        if (route.request().method() === 'POST')
          await page.evaluate(`fetch('airlock/state').then((response) => response.text())
            .then((data) => source.dispatchEvent(new MessageEvent('state', { data })))`);
        await route.continue();
      });
      expect(await order(page, 'An unpaid order')).toEqual(unpaid);
    });
  });

  describe('when an order has got out', () => {
    it('shows who was told, and where to look closer', async () => {
      const page = await open();
      await order(page, 'An order');
      const world = page.getByRole('region', { name: 'Who was told' });
      await world
        .getByText(/ada@example\.com: Receipt for order/)
        .first()
        .waitFor();
      await world
        .getByText(/2 × tea, order/)
        .first()
        .waitFor();
      await page.locator('.unit').first().getByRole('link', { name: 'inspect' }).click();
      await page.getByRole('heading', { name: 'OrdersController.place' }).waitFor();
      expect(await page.title()).toBe('Airlock inspector');
    });
  });

  describe.each([
    ['light', undefined],
    ['dark', undefined],
    ['light', phone],
    ['dark', phone],
  ] as const)('when colours are %s and the screen is %j', (colorScheme, viewport) => {
    it('has the right ground, and needs no sideways scrolling', async () => {
      const page = await open({ colorScheme, ...(viewport && { viewport }) });
      await order(page, 'A gift wrap that does not fit');
      const ground = await page.evaluate('getComputedStyle(document.body).backgroundColor');
      expect(ground).toBe(colorScheme === 'dark' ? 'rgb(14, 17, 24)' : 'rgb(246, 247, 249)');
      expect(await page.evaluate('document.documentElement.scrollWidth > innerWidth')).toBe(false);
    });
  });
});
