import { OnWorkerEvent, Processor, WorkerHost } from '@nestjs/bullmq';
import { Controller, Get } from '@nestjs/common';
import { BlockTasks, currentScope, UseAirlockPolicy } from 'nestjs-airlock';
import { checkAfterEach, Effects, gate, listen, platforms, until } from '../e2e/http/fixtures.js';
import { Jobs } from '../integrations/bullmq-entry-point/jobs.js';
import { describeWith, redis } from '../servers.js';

let begun = gate();
let isCompleted = false;
let goOn = gate();
let parent: unknown;

@Processor('orders')
class OrderProcessor extends WorkerHost {
  constructor(private readonly effects: Effects) {
    super();
  }

  async process(): Promise<void> {
    this.effects.one('placed');
    parent = currentScope()?.parent;
    begun.open();
  }

  @OnWorkerEvent('completed')
  onCompleted(): void {
    this.effects.one('told');
    isCompleted = true;
  }
}

/** Its job seems abandoned, once somebody has taken its lock away. */
@Processor('stalls', { stalledInterval: 20, lockDuration: 60_000 })
class StallingProcessor extends WorkerHost {
  constructor(private readonly effects: Effects) {
    super();
  }

  async process(): Promise<void> {
    begun.open();
    await goOn.passed;
  }

  /** The attempt that has lost its lock cannot complete the job. */
  @OnWorkerEvent('error')
  onError(): void {}

  @OnWorkerEvent('stalled')
  onStalled(): void {
    this.effects.one('stalled');
    parent = currentScope()?.parent?.name ?? 'none';
  }
}

@Controller('stalling')
class StallingController {
  constructor(
    private readonly processor: StallingProcessor,
    private readonly effects: Effects,
  ) {}

  @Get('resume')
  async resume(): Promise<never> {
    this.effects.one('resumed');
    const { worker } = this.processor;
    await worker.pause(true);
    await worker.resume();
    await until(() => parent !== undefined);
    throw new Error('the request fails when a job has stalled');
  }
}

@Controller('workers')
@UseAirlockPolicy(new BlockTasks(['placed', 'told']))
class WorkersController {
  constructor(
    private readonly processor: OrderProcessor,
    private readonly effects: Effects,
  ) {}

  @Get('pause')
  async pause(): Promise<void> {
    await this.processor.worker.pause();
  }

  @Get('resume')
  async resume(): Promise<never> {
    this.effects.one('resumed');
    await this.processor.worker.resume();
    await begun.passed;
    await goOn.passed;
    throw new Error('the request fails when the job is at work');
  }
}

describeWith(
  redis,
  'when a request resumes a worker, and a job begins before the request has ended',
  () => {
    checkAfterEach();

    const jobs = new Jobs();
    beforeAll(async () => jobs.open());
    afterAll(async () => jobs.close());
    beforeEach(() => {
      begun = gate();
      goOn = gate();
      isCompleted = false;
      parent = undefined;
    });

    it('lets out what the job and its listeners call, whatever the request comes to', async () => {
      const { request, fate, sent } = await listen(platforms[0]![1], {
        imports: [...jobs.modules('orders')],
        controllers: [WorkersController],
        providers: [OrderProcessor],
      });
      await request('/workers/pause');
      const job = await jobs.add('orders');
      const answer = request('/workers/resume');
      await jobs.ended('orders', job);
      await until(() => isCompleted && sent.length === 2);
      goOn.open();
      expect((await answer).status).toBe(500);
      expect(await fate()).toEqual({ out: ['placed', 'told'], dropped: ['resumed'] });
      expect(parent).toBeUndefined();
    });

    it('lets out what it calls of a job that has stalled', async () => {
      const { request, fate } = await listen(platforms[0]![1], {
        imports: [...jobs.modules('stalls')],
        controllers: [StallingController],
        providers: [StallingProcessor],
      });
      const job = await jobs.add('stalls');
      await begun.passed;
      await jobs.redis.del(`${jobs.prefix}:stalls:${job.id}:lock`);
      expect((await request('/stalling/resume')).status).toBe(500);
      expect(parent).toBe('none');
      goOn.open();
      expect(await jobs.ended('stalls', job)).toMatchObject({ state: 'completed' });
      expect(await fate()).toEqual({ out: ['stalled'], dropped: ['resumed'] });
    });
  },
);
