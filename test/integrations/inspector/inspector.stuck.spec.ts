import { AirlockService } from 'nestjs-airlock';
import { AirlockOutboxModule, OutboxExecutor } from 'nestjs-airlock/outbox';
import type { AirlockInspectorOptions } from 'nestjs-airlock/inspector';
import type { StateView } from '../../../lib/integrations/inspector/view/inspector.view.js';
import type { StuckRow } from '../../../lib/integrations/stuck-rows.js';
import { checkAfterEach, platforms, serve } from '../../e2e/http/fixtures.js';
import { describeWith, postgres } from '../../servers.js';
import { until } from '../remote.js';
import type { OutboxClient } from '../outbox/client.js';
import { connectPg } from '../outbox/clients/pg.js';
import { Courier } from '../outbox/fixtures.js';
import { MailService, shop } from './shop.js';

checkAfterEach();

const [[, platform]] = platforms as never as [(typeof platforms)[0]];

describeWith(postgres, 'The inspector of an application with an outbox', () => {
  let client: OutboxClient;

  beforeAll(async () => {
    client = await connectPg();
  });

  afterAll(() => client?.close());

  async function open(inspector: AirlockInspectorOptions = {}) {
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
    const running = await serve(
      platform,
      shop(inspector, { imports: [outbox] }, { executor: OutboxExecutor }),
    );
    const { app, request } = running;
    await app
      .get(AirlockService)
      .run(() =>
        client.transaction(() => app.get(MailService).sendReceipt({ email: 'ada@example.com' })),
      );
    const rows = async () =>
      JSON.parse((await request('/airlock/stuck')).body) as readonly StuckRow[];
    const headers = { 'x-airlock-inspector': 'test' };
    const deal = async (id: string, action: string) =>
      (await request(`/airlock/stuck/${id}/${action}`, { method: 'POST', headers })).status;
    const effect = async () => {
      const { units } = JSON.parse((await request('/airlock/state')).body) as StateView;
      return units[0]!.effects[0];
    };
    return { courier, request, rows, deal, effect };
  }

  describe('when an executor refuses an effect', () => {
    it('lists it, and has it tried again when it is told to', async () => {
      const { courier, request, rows, deal, effect } = await open({ redactError: String });
      expect(JSON.parse((await request('/airlock/state')).body)).toMatchObject({ hasOutbox: true });
      const [row] = await rows();
      expect(row).toEqual({
        id: expect.any(String),
        effect: 'MailService.sendReceipt',
        attempts: 1,
        error: 'no such address',
        since: expect.any(Number),
      });
      expect(await effect()).toMatchObject({
        attempts: 1,
        state: 'failed',
        sentence: 'Handed to OutboxExecutor. Attempt 1 failed.',
        error: 'Error: Error: no such address',
      });
      courier.before = () => {};
      expect(await deal(row!.id, 'retry')).toBe(200);
      expect(courier.texts).toEqual([{ email: 'ada@example.com' }]);
      // Removed behind the hand-over.
      await until(async () => (await rows()).length === 0);
      expect(await effect()).toMatchObject({
        attempts: 2,
        state: 'sent',
        sentence: 'Handed to OutboxExecutor. Attempt 2 ran without an error.',
      });
    });

    it('says so where a process is at it already', async () => {
      const { courier, rows, deal } = await open();
      let begun = 0;
      let end = (): void => {};
      courier.before = () => (begun++, new Promise((resolve) => (end = resolve)));
      const [{ id } = { id: 'none' }] = await rows();
      const first = deal(id, 'retry');
      await until(() => begun === 1);
      expect(await deal(id, 'retry')).toBe(409);
      end();
      expect(await first).toBe(200);
      expect(begun).toBe(1);
    });

    it('throws it away when it is told to, and says where there is nothing any more', async () => {
      const { courier, rows, deal } = await open();
      const [{ id, error } = { id: 'none', error: '' }] = await rows();
      // It is only stored: nothing says that it may be seen.
      expect(error).toBe('(hidden: `redactError` shows it)');
      expect(await deal(id, 'discard')).toBe(200);
      expect(await rows()).toEqual([]);
      expect(await deal(id, 'discard')).toBe(404);
      expect(courier.texts).toEqual([]);
    });
  });
});
