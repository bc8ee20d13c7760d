import type { CanActivate, ModuleMetadata } from '@nestjs/common';
import { type AirlockModuleOptions, AirlockService } from 'nestjs-airlock';
import { AirlockOutboxModule, OutboxExecutor } from 'nestjs-airlock/outbox';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { describeInBrowser } from '../../browser.js';
import { checkAfterEach, platforms, serve } from '../../e2e/http/fixtures.js';
import { connectPg } from '../outbox/clients/pg.js';
import { Courier } from '../outbox/fixtures.js';
import { MailService, MARKUP, shop } from './shop.js';

checkAfterEach();

const [[, platform]] = platforms as never as [(typeof platforms)[0]];
const phone = { width: 390, height: 844 };

describeInBrowser('the page of the inspector', (browser) => {
  const pages: Page[] = [];
  const problems: string[] = [];
  beforeEach(() => void (problems.length = 0));
  // Before its application is closed, which a connection that is kept for later would hold up.
  afterEach(async () => {
    for (const page of pages.splice(0)) await page.context().close();
    if (problems.length > 0) throw new Error(problems.join('\n'));
  });

  async function open(
    options: Parameters<typeof shop>[0] = {},
    settings: BrowserContextOptions = {},
    hash = '#/',
    more: readonly [ModuleMetadata?, AirlockModuleOptions?] = [],
  ) {
    const running = await serve(platform, shop(options, ...more));
    const page = await (await browser().newContext(settings)).newPage();
    pages.push(page);
    // A policy of the page that is violated is one, too.
    page.on('pageerror', (error) => problems.push(String(error)));
    page.on('request', (request) => {
      if (!request.url().startsWith(running.url) && !request.url().startsWith('data:'))
        problems.push(request.url());
    });
    page.on('console', (message) => {
      if (/Content Security Policy/.test(message.text())) problems.push(message.text());
    });
    const post = (path: string) => running.request(`/orders/${path}`, { method: 'POST' });
    return { ...running, page, post, go: () => page.goto(`${running.url}/airlock${hash}`) };
  }

  describe('when something is dropped while it is open', () => {
    it('shows that at once, in a sentence, and counts it', async () => {
      const { page, post, go } = await open();
      await go();
      await page.getByText('Nothing to see yet.').waitFor();
      await post('by-staff');
      const row = page.getByRole('link', { name: /OrdersController\.byStaff/ });
      await row.waitFor();
      expect(await row.innerText()).toContain(
        'MailService.sendReceipt Dropped: BlockTasks on the route said no.',
      );
      expect(await page.getByRole('region', { name: 'Effects today' }).innerText()).toMatch(
        /1\s+dropped today/,
      );
    });
  });

  describe('when the list is narrowed', () => {
    it.each([
      ['#/?state=failed', ['soldOut']],
      ['#/?reason=policy', ['byStaff']],
      ['#/?name=receipt', ['place', 'byStaff']],
      ['#/?entry=OrdersController.place', ['place']],
      ['#/?name=receipt&state=sent', ['place']],
      ['#/failures', ['soldOut']],
      ['#/outside', []],
    ])('shows at %s: %j', async (hash, names) => {
      const { page, post, go } = await open({}, {}, hash);
      for (const path of ['', 'by-staff', 'sold-out']) await post(path);
      await go();
      await page.getByText('live', { exact: true }).waitFor();
      const shown = (await page.locator('.unit .name').allInnerTexts()).map((name) =>
        name.replace('OrdersController.', ''),
      );
      expect(shown.toSorted()).toEqual([...names].toSorted());
    });

    it('puts what is chosen into the address', async () => {
      const { page, post, go } = await open();
      for (const path of ['', 'by-staff']) await post(path);
      await go();
      await page.getByLabel('State').selectOption('dropped');
      await page.getByLabel('Effect', { exact: true }).fill('mail');
      await page.waitForURL(/#\/\?name=mail&state=dropped$/);
      expect(await page.locator('.unit').count()).toBe(1);
      await page.getByRole('link', { name: 'Clear' }).click();
      await page.waitForURL(/#\/$/);
    });
  });

  describe('when a unit of work is looked at', () => {
    it('has an address of its own, from which it is found again', async () => {
      const { page, post, go } = await open({ redactError: (error) => (error as Error).message });
      await post('sold-out');
      await go();
      await page.getByRole('link', { name: /soldOut/ }).click();
      await page.waitForURL(/#\/unit\/[\w-]+$/);
      await page.reload();
      await page.getByRole('heading', { name: 'OrdersController.soldOut' }).waitFor();
      expect(await page.locator('.detail').innerText()).toContain(
        'Error: The warehouse answered 503 for "ladder"',
      );
    });

    it('says so where it is not kept any more', async () => {
      const { page, go } = await open({}, {}, '#/unit/none');
      await go();
      await page.getByText('Looking …').first().waitFor({ state: 'detached' });
      expect(await page.locator('.detail').innerText()).toContain(
        'This unit of work is not kept any more.',
      );
    });
  });

  describe('when there is only a keyboard', () => {
    it('gets from the list to a unit of work and back, and to the search', async () => {
      const { page, post, go } = await open();
      await post('');
      await go();
      await page.getByRole('link', { name: /place/ }).waitFor();
      await page.keyboard.press('Tab');
      expect(await page.evaluate('document.activeElement.textContent')).toContain(
        'Skip to the list',
      );
      await page.getByRole('link', { name: /place/ }).focus();
      await page.keyboard.press('Enter');
      await page.waitForURL(/#\/unit\//);
      await page.waitForFunction("document.activeElement.tagName === 'H2'");
      await page.keyboard.press('Escape');
      await page.waitForURL(/#\/$/);
      await page.keyboard.press('/');
      expect(await page.evaluate('document.activeElement.type')).toBe('search');
    });
  });

  describe('when the name of an effect is markup', () => {
    it('shows it as text', async () => {
      const { page, post, go } = await open();
      await post('markup');
      await go();
      await page.getByRole('link', { name: /markup/ }).click();
      await page.getByRole('heading', { name: MARKUP }).waitFor();
      expect(await page.locator('img').count()).toBe(0);
      expect(await page.title()).toBe('Airlock inspector');
    });
  });

  describe.each([
    ['light', undefined],
    ['dark', undefined],
    ['light', phone],
    ['dark', phone],
  ] as const)('when colours are %s and the screen is %j', (colorScheme, viewport) => {
    it('has the right ground, needs no sideways scrolling, and hides the list behind a unit where both find no room', async () => {
      const { page, post, go } = await open(
        { callSites: true },
        { colorScheme, ...(viewport && { viewport }) },
      );
      for (const path of ['', 'unpaid', 'sold-out', 'counted']) await post(path);
      await go();
      await page.locator('.unit').first().waitFor();
      const ground = await page.evaluate('getComputedStyle(document.body).backgroundColor');
      expect(ground).toBe(colorScheme === 'dark' ? 'rgb(14, 17, 24)' : 'rgb(246, 247, 249)');
      const isWider = () => page.evaluate('document.documentElement.scrollWidth > innerWidth');
      expect(await isWider()).toBe(false);
      await page.locator('.unit').first().click();
      await page.locator('.detail h2').waitFor();
      expect(await isWider()).toBe(false);
      expect(await page.locator('main').isVisible()).toBe(viewport === undefined);
    });
  });

  describe('when effects are stuck in the outbox', () => {
    it('has them retried and discarded by a click', async () => {
      const client = await connectPg();
      try {
        const courier = new Courier();
        courier.before = () => {
          throw new Error('no such address');
        };
        const outbox = AirlockOutboxModule.forRoot({
          dialect: 'postgres',
          connection: client.connection,
          createTable: true,
          executor: courier,
          retryDelayMs: 60_000,
        });
        const { page, app, go } = await open({ redactError: String }, {}, '#/stuck', [
          { imports: [outbox] },
          { executor: OutboxExecutor },
        ]);
        const airlock = app.get(AirlockService);
        const mail = app.get(MailService);
        for (const email of ['ada@example.com', 'bob@example.com'])
          await airlock.run(() => client.transaction(() => mail.sendReceipt({ email })));
        await go();
        const rows = page.locator('.stuck > li');
        await rows.nth(1).waitFor();
        expect(await rows.first().innerText()).toContain('no such address');
        expect(await page.locator('.stuck').innerText()).not.toContain('ada@example.com');

        courier.before = () => {};
        await rows.first().getByRole('button', { name: 'Retry' }).click();
        await rows.nth(1).waitFor({ state: 'detached' });
        expect(courier.texts).toEqual([{ email: 'ada@example.com' }]);

        page.once('dialog', (dialog) => void dialog.dismiss());
        await rows.first().getByRole('button', { name: 'Discard' }).click();
        expect(await rows.count()).toBe(1);
        page.once('dialog', (dialog) => void dialog.accept());
        await rows.first().getByRole('button', { name: 'Discard' }).click();
        await page.getByText('Nothing is stuck.').waitFor();
        expect(courier.texts).toHaveLength(1);
      } finally {
        for (const page of pages.splice(0)) await page.context().close();
        await client.close();
      }
    });
  });

  describe('when a guard lets nobody in any more', () => {
    it('says so', async () => {
      let isIn = true;
      const guard: CanActivate = { canActivate: () => isIn };
      const { page, go, app } = await open({ guards: [guard] });
      await go();
      await page.getByText('live', { exact: true }).waitFor();
      isIn = false;
      const { Inspector } = await import('../../../lib/integrations/inspector/inspector.js');
      app.get(Inspector, { strict: false }).streams.close();
      await page.getByText('refused', { exact: true }).waitFor();
      expect(await page.locator('main').innerText()).toContain('You may not see this.');
    });
  });

  describe('when it is paused', () => {
    it('stays as it is until it goes on', async () => {
      const { page, post, go } = await open();
      await post('');
      await go();
      await page.getByRole('link', { name: /place/ }).waitFor();
      await page.getByRole('button', { name: 'Pause' }).click();
      await post('unpaid');
      // Twice as long as news take.
      await page.waitForTimeout(600);
      expect(await page.locator('.unit').count()).toBe(1);
      await page.getByRole('button', { name: 'Go on' }).click();
      await page.getByRole('link', { name: /unpaid/ }).waitFor();
    });
  });
});
