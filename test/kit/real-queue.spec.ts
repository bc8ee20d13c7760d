// oxlint-disable typescript/unbound-method -- an effect is named by its method.
import { Injectable, Module } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import { Queue } from 'bullmq';
import { AirlockModule, AirlockService, InProcessExecutor, SideEffect } from 'nestjs-airlock';
import { AirlockBullMqModule, BullMqExecutor } from 'nestjs-airlock/bullmq';
import {
  airlockMatchers,
  AirlockTestingModule,
  type AirlockTestingOptions,
  captureEffects,
  drain,
  waitForEffect,
  waitForRun,
} from 'nestjs-airlock/testing';
import { randomUUID } from 'node:crypto';
import { describeWith, redis } from '../servers.js';

expect.extend(airlockMatchers);

const queue = `kit-${randomUUID()}`;
const engine = AirlockBullMqModule.forRoot({ connection: redis.url, queue, worker: true });

@Injectable()
class MailService {
  readonly sent: number[] = [];

  @SideEffect()
  async sendReceipt(orderId: number): Promise<void> {
    await Promise.resolve();
    this.sent.push(orderId);
  }
}

@Module({
  imports: [AirlockModule.forRoot({ executor: BullMqExecutor }), engine],
  providers: [MailService],
})
class AppModule {}

@Module({})
class NoEngine {}

const running: TestingModule[] = [];

afterEach(async () => {
  for (const app of running.splice(0)) await app.close();
});

async function booted(options: AirlockTestingOptions, hasEngine: boolean): Promise<TestingModule> {
  const builder = Test.createTestingModule({ imports: [AppModule] });
  if (!hasEngine) builder.overrideModule(engine).useModule(NoEngine);
  const app = await AirlockTestingModule.override(builder, options).compile();
  running.push(app);
  return app.init();
}

function order(app: TestingModule, id: number): Promise<void> {
  return app.get(AirlockService).run(() => app.get(MailService).sendReceipt(id));
}

describeWith(redis, 'when effects go through a real queue', () => {
  afterAll(async () => {
    const client = new Queue(queue, { connection: { url: redis.url } as never });
    await client.obliterate({ force: true });
    await client.close();
  });

  it('waits for the worker', async () => {
    const app = await booted({ mode: 'real' }, true);
    await order(app, 7);
    await waitForEffect(app, MailService.prototype.sendReceipt);
    await waitForRun(app, MailService.prototype.sendReceipt, { timeoutMs: 10_000 });
    expect(app.get(MailService).sent).toEqual([7]);
  }, 60_000);

  it('keeps out of it what a block lets out', async () => {
    const app = await booted({ mode: 'real' }, true);
    const captured = await captureEffects(app, () => app.get(MailService).sendReceipt(8));
    expect(captured).toHaveDispatched(MailService.prototype.sendReceipt, 8);
    const client = new Queue(queue, { connection: { url: redis.url } as never });
    const jobs = await client.getJobs();
    await client.close();
    expect(jobs.map(({ data }: { data: { args: unknown[] } }) => data.args)).not.toContainEqual([
      8,
    ]);
  }, 60_000);
});

describe('when the queue is left out', () => {
  it('needs no server', async () => {
    const app = await booted({ mode: 'capture', executor: InProcessExecutor }, false);
    await order(app, 7);
    expect(app).toHaveDispatched(MailService.prototype.sendReceipt, 7);
    await drain(app);
    expect(app.get(MailService).sent).toEqual([7]);
  });
});
