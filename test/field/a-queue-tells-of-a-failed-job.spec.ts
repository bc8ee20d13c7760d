import {
  BullModule as Bull4Module,
  getQueueToken,
  OnQueueFailed,
  Process,
  Processor as Bull4Processor,
} from '@nestjs/bull';
import {
  OnQueueEvent,
  OnWorkerEvent,
  Processor,
  QueueEventsHost,
  QueueEventsListener,
  WorkerHost,
} from '@nestjs/bullmq';
import type { Queue } from 'bull';
import type { Job } from 'bullmq';
import { BlockTasks, currentScope, UseAirlockPolicy } from 'nestjs-airlock';
import { randomUUID } from 'node:crypto';
import { boot, checkAfterEach, COMPLETED, Effects, FAILED, until } from '../e2e/http/fixtures.js';
import { Jobs } from '../integrations/bullmq-entry-point/jobs.js';
import { describeWith, redis } from '../servers.js';

/** The names of the scopes in which somebody heard of a job. */
let heardIn: (string | undefined)[] = [];

@Processor('alarms')
class AlarmProcessor extends WorkerHost {
  constructor(private readonly effects: Effects) {
    super();
  }

  async process({ data }: Job<{ fails: boolean }>): Promise<string> {
    if (data.fails) throw new Error('sold out');
    return 'placed';
  }

  @OnWorkerEvent('failed')
  onFailed(): void {
    this.effects.all();
    heardIn.push(currentScope()?.name);
  }

  @OnWorkerEvent('completed')
  async onCompleted(_job: Job, _result: string): Promise<void> {
    await Promise.resolve();
    this.effects.all();
    heardIn.push(currentScope()?.name);
  }
}

@Processor('quiet')
class QuietProcessor extends WorkerHost {
  constructor(private readonly effects: Effects) {
    super();
  }

  async process(): Promise<void> {}

  @OnWorkerEvent('completed')
  @UseAirlockPolicy(new BlockTasks(['success']))
  onCompleted(): void {
    this.effects.all();
    heardIn.push(currentScope()?.name);
  }

  @OnWorkerEvent('active')
  onActive(): void {
    this.effects.all();
    throw new Error('nobody on duty');
  }

  @OnWorkerEvent('error')
  onError(error: Error): void {
    heardIn.push(error.message);
  }
}

@Processor('watched')
class WatchedProcessor extends WorkerHost {
  async process(): Promise<void> {
    throw new Error('sold out');
  }
}

@QueueEventsListener('watched')
class WatchedEvents extends QueueEventsHost {
  constructor(private readonly effects: Effects) {
    super();
  }

  @OnQueueEvent('failed')
  onFailed(): void {
    this.effects.all();
    heardIn.push(currentScope()?.name);
  }
}

@Bull4Processor('parcels')
class ParcelsProcessor {
  constructor(private readonly effects: Effects) {}

  @Process()
  async send(): Promise<void> {
    throw new Error('no stamp');
  }

  @OnQueueFailed()
  onFailed(): void {
    this.effects.all();
    heardIn.push(currentScope()?.name);
  }
}

describeWith(redis, 'when a queue tells a listener of a job', () => {
  const jobs = new Jobs();
  beforeAll(() => jobs.open());
  afterAll(() => jobs.close());
  beforeEach(() => (heardIn = []));
  checkAfterEach();

  it.each([
    ['that has failed', true, 'AlarmProcessor.onFailed'],
    ['that has completed', false, 'AlarmProcessor.onCompleted'],
  ])('is a unit of work of its own: one %s, of @OnWorkerEvent()', async (_how, fails, name) => {
    const { fate } = await boot({ imports: [...jobs.modules()], providers: [AlarmProcessor] });
    await jobs.add('alarms', { fails });
    await until(() => heardIn.length === 1);
    expect(await fate()).toEqual(COMPLETED);
    expect(heardIn).toEqual([name]);
  });

  it('drops the effects of one that throws, which the worker is told, and binds policies', async () => {
    const { fate } = await boot({ imports: [...jobs.modules()], providers: [QuietProcessor] });
    await jobs.add('quiet');
    await until(() => heardIn.length === 2);
    expect(await fate()).toEqual({
      out: [...FAILED.out, 'always'],
      dropped: [...FAILED.dropped, 'failure', 'success'],
    });
    expect(heardIn).toEqual(['nobody on duty', 'QuietProcessor.onCompleted']);
  });

  it('is one of its own: @OnQueueEvent()', async () => {
    const { app, fate } = await boot({
      imports: [...jobs.modules('watched')],
      providers: [WatchedProcessor, WatchedEvents],
    });
    await app.get(WatchedEvents).queueEvents.waitUntilReady();
    await jobs.add('watched');
    await until(() => heardIn.length === 1);
    expect(await fate()).toEqual(COMPLETED);
    expect(heardIn).toEqual(['WatchedEvents.onFailed']);
  });

  it('is one of its own: @OnQueueFailed() of Bull 4', async () => {
    const { hostname, port } = new URL(redis.url);
    const connection = { host: hostname, port: Number(port || 6379) };
    const { app, fate } = await boot({
      imports: [
        Bull4Module.registerQueue({ name: 'parcels', prefix: randomUUID(), redis: connection }),
      ],
      providers: [ParcelsProcessor],
    });
    await app.get<Queue>(getQueueToken('parcels')).add({}, { removeOnFail: true });
    await until(() => heardIn.length === 1);
    expect(await fate()).toEqual(COMPLETED);
    expect(heardIn).toEqual(['ParcelsProcessor.onFailed']);
  });
});
