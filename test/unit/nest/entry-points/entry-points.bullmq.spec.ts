import { BullModule, getQueueToken, Processor, WorkerHost } from '@nestjs/bullmq';
import { Inject, Injectable, Scope } from '@nestjs/common';
import { type Job, type Queue } from 'bullmq';
import { AirlockModule, currentScope, EffectBuffer } from 'nestjs-airlock';
import { randomUUID } from 'node:crypto';
import {
  bootModule,
  checkAfterEach,
  delay,
  gate,
  moduleOf,
  Outbox,
  until,
} from '../../../e2e/http/fixtures.js';
import { describeWith } from '../../../servers.js';

const redis = { name: 'Redis', url: process.env.REDIS_URL || 'redis://127.0.0.1:6379' };
const { hostname: host, port } = new URL(redis.url);
const prefix = `test-${randomUUID()}`;
const connection = { host, port: Number(port || 6379) };

let go = gate();
const begun: string[] = [];

abstract class Working extends WorkerHost {
  @Inject(EffectBuffer) private readonly effects!: EffectBuffer;
  @Inject(Outbox) private readonly outbox!: Outbox;

  async process({ name }: Job): Promise<string | undefined> {
    begun.push(name);
    this.effects.enqueue(() => void this.outbox.sent.push(name));
    if (name === 'slow') await go.passed;
    if (name === 'failing') throw new Error('failed');
    return currentScope()?.name;
  }
}

@Processor('work', { concurrency: 2 })
class WorkProcessor extends Working {}

@Processor({ name: 'scoped', scope: Scope.REQUEST })
class ScopedProcessor extends Working {}

@Injectable()
class Unbuildable {
  constructor() {
    throw new Error('cannot be built');
  }
}

@Processor({ name: 'unbuildable', scope: Scope.REQUEST })
class UnbuildableProcessor extends Working {
  @Inject(Unbuildable) readonly unbuildable!: Unbuildable;
}

async function start(
  processor: new () => Working,
  name: string,
  order: 'before' | 'after' = 'before',
  { keepsJobs = false } = {},
) {
  const bull = [BullModule.forRoot({ connection, prefix }), BullModule.registerQueue({ name })];
  const airlock = AirlockModule.forRoot();
  const imports = order === 'before' ? [...bull, airlock] : [airlock, ...bull];
  const unbuildable = { provide: Unbuildable, useClass: Unbuildable, scope: Scope.REQUEST };
  const booted = await bootModule(moduleOf({ imports, providers: [processor, unbuildable] }));
  const queue = booted.app.get<Queue>(getQueueToken(name));
  queues.add(queue);
  if (!keepsJobs) await queue.obliterate({ force: true });
  return { ...booted, queue };
}

const queues = new Set<Queue>();

describeWith(redis, 'a BullMQ job', () => {
  checkAfterEach();
  beforeEach(() => {
    go = gate();
    begun.length = 0;
  });

  const ended = async (queue: Queue, name: string): Promise<Job> => {
    const { id } = await queue.add(name, {});
    let state = '';
    while (state !== 'completed' && state !== 'failed') {
      await delay(5);
      state = await queue.getJobState(id!);
    }
    return (await queue.getJob(id!)) as Job;
  };

  it.each(['before', 'after'] as const)(
    'runs in a scope where its module is imported %s Airlock',
    async (order) => {
      const { queue, sent } = await start(WorkProcessor, 'work', order);
      expect((await ended(queue, 'done')).returnvalue).toBe('WorkProcessor.process');
      expect(await (await ended(queue, 'failing')).isFailed()).toBe(true);
      expect(sent).toEqual(['done']);
    },
  );

  it('does so in a request-scoped processor', async () => {
    const { queue, sent } = await start(ScopedProcessor, 'scoped');
    expect((await ended(queue, 'done')).returnvalue).toBe('ScopedProcessor.process');
    expect(sent).toEqual(['done']);
  });

  it('fails by itself where its processor cannot be built, with that error', async () => {
    const { queue, sent } = await start(UnbuildableProcessor, 'unbuildable');
    expect((await ended(queue, 'done')).failedReason).toBe('cannot be built');
    expect({ begun, sent }).toEqual({ begun: [], sent: [] });
  });

  it('ends with its effects at shutdown, and none is taken that could only fail', async () => {
    const { app, queue, sent } = await start(WorkProcessor, 'work');
    await queue.add('slow', {});
    await until(() => begun.length === 1);
    const closing = app.close();
    await delay(20);
    const other = await start(class Idle extends Working {}, 'work', 'before', { keepsJobs: true });
    await other.queue.add('next', {});
    await delay(50);
    expect(begun).toEqual(['slow']);
    go.open();
    await closing;
    expect(sent).toEqual(['slow']);
    expect(await other.queue.getJobCounts('wait', 'failed', 'active')).toEqual({
      wait: 1,
      failed: 0,
      active: 0,
    });
    await other.queue.obliterate({ force: true });
  });
});
