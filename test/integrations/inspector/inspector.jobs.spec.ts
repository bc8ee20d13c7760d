import { AirlockBullMqModule, BullMqExecutor } from 'nestjs-airlock/bullmq';
import type { StateView } from '../../../lib/integrations/inspector/view/inspector.view.js';
import { checkAfterEach, platforms, serve } from '../../e2e/http/fixtures.js';
import { describeWith, redis } from '../../servers.js';
import { until } from '../remote.js';
import { Bench } from '../bullmq/fixtures.js';
import { shop } from './shop.js';

checkAfterEach();

const [[, platform]] = platforms as never as [(typeof platforms)[0]];

describeWith(redis, 'The inspector of an application over BullMQ', () => {
  const bench = new Bench();

  it('shows the ids by which BullMQ knows the jobs', async () => {
    const engine = AirlockBullMqModule.forRoot({ connection: redis.url, queue: bench.queue });
    const { request } = await serve(
      platform,
      shop({}, { imports: [engine] }, { executor: BullMqExecutor }),
    );
    await request('/orders', { method: 'POST' });
    const { units } = JSON.parse((await request('/airlock/state')).body) as StateView;
    const effects = units[0]!.effects;
    const jobs = await Promise.all(effects.map(({ jobId }) => bench.queueOf().getJob(jobId!)));
    expect(jobs.map((job) => job?.name)).toEqual([
      'MailService.sendReceipt',
      'WarehouseClient.reserve',
    ]);
    expect(effects.map(({ executor }) => executor)).toEqual(['BullMqExecutor', 'BullMqExecutor']);
  });

  it('shows how often a worker has tried, and how the last attempt ended', async () => {
    const engine = AirlockBullMqModule.forRoot({
      connection: redis.url,
      queue: bench.queue,
      worker: true,
      jobOptions: { attempts: 2, backoff: { type: 'fixed', delay: 5 } },
    });
    const { request } = await serve(
      platform,
      shop({}, { imports: [engine] }, { executor: BullMqExecutor }),
    );
    const effect = async () => {
      const { units } = JSON.parse((await request('/airlock/state')).body) as StateView;
      return units[0]!.effects[0];
    };
    await request('/orders/sold-out', { method: 'POST' });
    await until(async () => (await effect())?.attempts === 2);
    expect(await effect()).toMatchObject({
      state: 'failed',
      sentence: 'Handed to BullMqExecutor. Attempt 2 failed.',
      error: 'Error',
    });
    await request('/orders', { method: 'POST' });
    await until(async () => (await effect())?.attempts === 1);
    expect(await effect()).toMatchObject({
      state: 'sent',
      sentence: 'Handed to BullMqExecutor. Attempt 1 ran without an error.',
    });
  });
});
