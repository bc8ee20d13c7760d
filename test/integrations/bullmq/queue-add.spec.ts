import { type FactoryProvider, Inject, Injectable } from '@nestjs/common';
import type { TestingModule } from '@nestjs/testing';
import { BullModule, getQueueToken } from '@nestjs/bullmq';
import { Queue, Worker } from 'bullmq';
import {
  AirlockService,
  DispatchError,
  EffectBuffer,
  EffectSerializationError,
  type FlushReport,
} from 'nestjs-airlock';
import { BullMqExecutor } from 'nestjs-airlock/bullmq';
import { describeWith } from '../../servers.js';
import { Bench, Mail, server, until, within } from './fixtures.js';
import { Line } from '../line.js';

@Injectable()
class Stock {
  constructor(
    @Inject(EffectBuffer) private readonly effects: EffectBuffer,
    @Inject('STOCK') readonly queue: Queue,
  ) {}

  reserve(...args: Parameters<Queue['add']>): void {
    this.effects.defer(this.queue).add(...args);
  }
}

describeWith(server, 'A deferred add of a BullMQ queue', () => {
  const bench = new Bench();

  const withQueue = async (
    make: (name: string) => Queue = (name) => new Queue(name, { connection: bench.redis }),
  ) => {
    const queue = make(bench.newName());
    const provider: FactoryProvider = { provide: 'STOCK', useFactory: () => queue };
    const application = await bench.producer({ providers: [provider, Stock] });
    return { application, queue, stock: application.get(Stock) };
  };

  const flush = async (application: TestingModule, work: () => unknown): Promise<FlushReport> => {
    const scope = application.get(AirlockService).open();
    await scope.run(work);
    scope.close();
    return scope.flush();
  };

  describe('when several are let out in a row', () => {
    it('goes into that queue with the others in one addBulk, in order, with the defaults of the queue', async () => {
      const { application, queue, stock } = await withQueue(
        (name) => new Queue(name, { connection: bench.redis, defaultJobOptions: { attempts: 9 } }),
      );
      const addBulk = jest.spyOn(queue, 'addBulk');
      const heard: string[] = [];
      queue.on('waiting', ({ name }) => void heard.push(name));
      await within(application, () => {
        stock.reserve('a', { id: 1 });
        stock.reserve('b', { id: 2 }, { priority: 3 });
        stock.reserve('c', undefined, { jobId: 'mine' });
      });
      expect(addBulk).toHaveBeenCalledTimes(1);
      const jobs = await bench.jobs(queue.name);
      const byName = jobs.toSorted((a, b) => a.name.localeCompare(b.name));
      const facts = byName.map(({ name, data, opts: { attempts, priority } }) => [
        name,
        data,
        attempts,
        priority,
      ]);
      expect(facts).toEqual([
        ['a', { id: 1 }, 9, undefined],
        ['b', { id: 2 }, 9, 3],
        ['c', {}, 9, undefined],
      ]);
      expect(jobs.map(({ id }) => id)).toContain('mine');
      expect(heard).toEqual(['a', 'b', 'c']);
      await queue.close();
    });

    it('starts anew where another effect comes between', async () => {
      const { application, queue, stock } = await withQueue();
      const addBulk = jest.spyOn(queue, 'addBulk');
      const add = jest.spyOn(queue, 'add');
      await within(application, async () => {
        stock.reserve('a', 1);
        stock.reserve('b', 2);
        await application.get(Mail).send('between');
        stock.reserve('c', 3);
      });
      expect(addBulk.mock.calls.map(([jobs]) => jobs.map(({ name }) => name))).toEqual([
        ['a', 'b'],
      ]);
      expect(add.mock.calls.map(([name]) => name)).toEqual(['c']);
      expect((await bench.jobs(queue.name)).map(({ name }) => name)).toEqual(['a', 'b', 'c']);
      expect(await bench.jobs()).toHaveLength(1);
      await queue.close();
    });

    it('does so for a queue of @nestjs/bullmq', async () => {
      const name = bench.newName();
      const application = await bench.producer({
        imports: [
          BullModule.forRoot({ connection: { url: server.url } as never }),
          BullModule.registerQueue({ name }),
        ],
      });
      const queue = application.get<Queue>(getQueueToken(name));
      const addBulk = jest.spyOn(queue, 'addBulk');
      await within(application, () => {
        const deferred = application.get(EffectBuffer).defer(queue);
        deferred.add('a', 1);
        deferred.add('b', 2);
      });
      expect(addBulk).toHaveBeenCalledTimes(1);
      expect(await bench.jobs(name)).toHaveLength(2);
    });

    it('is buffered by `intercept` as well', async () => {
      const queue = new Queue(bench.newName(), { connection: bench.redis });
      const application = await bench.producer({
        airlock: { intercept: [{ token: 'STOCK', methods: ['add'] }] },
        providers: [{ provide: 'STOCK', useFactory: () => queue }],
      });
      const addBulk = jest.spyOn(queue, 'addBulk');
      await within(application, async () => {
        await queue.add('a', 1);
        await queue.add('b', 2);
        expect(await bench.jobs(queue.name)).toEqual([]);
      });
      expect(addBulk).toHaveBeenCalledTimes(1);
      expect(await bench.jobs(queue.name)).toHaveLength(2);
      await queue.close();
    });
  });

  describe('when its scope fails', () => {
    it('adds nothing', async () => {
      const { application, queue, stock } = await withQueue();
      const failing = within(application, () => {
        stock.reserve('a', 1);
        throw new Error('declined');
      });
      await expect(failing).rejects.toThrow('declined');
      expect(await bench.jobs(queue.name)).toEqual([]);
      await queue.close();
    });
  });

  describe('when its arguments are more than plain JSON data', () => {
    it('sends what BullMQ would have written at the time of the call', async () => {
      const { application, queue, stock } = await withQueue();
      const order = { when: new Date(0), price: { toJSON: () => '7 EUR' }, total: 1 };
      const opts = { delay: 60_000, backoff: { type: 'fixed', delay: 5 } };
      await within(application, () => {
        stock.reserve('a', order, opts);
        order.total = 2;
        opts.backoff.delay = 6;
      });
      const [job] = await bench.jobs(queue.name);
      expect(job!.data).toEqual({ when: '1970-01-01T00:00:00.000Z', price: '7 EUR', total: 1 });
      expect(job!.opts).toMatchObject({ delay: 60_000, backoff: { type: 'fixed', delay: 5 } });
      await queue.close();
    });

    it('refuses at the call what BullMQ could not write down', async () => {
      const { application, queue, stock } = await withQueue();
      const circular: { self?: object } = {};
      circular.self = circular;
      await within(application, () => {
        for (const data of [{ id: 1n }, circular]) {
          expect(() => stock.reserve('a', data)).toThrow(EffectSerializationError);
          expect(() => stock.reserve('a', data)).toThrow(
            /`args\[1\]` is nothing BullMQ can write down/,
          );
        }
        expect(() => stock.reserve('a', 1, { backoff: (() => 1) as never })).toThrow(/`args\[2\]`/);
      });
      expect(await bench.jobs(queue.name)).toEqual([]);
      await queue.close();
    });
  });

  describe('when BullMQ refuses the options of one', () => {
    it('adds the others, in order, and reports that one', async () => {
      const { application, queue, stock } = await withQueue();
      const report = await flush(application, () => {
        stock.reserve('a', 1);
        stock.reserve('b', 2, { priority: 1.5 });
        stock.reserve('c', 3);
      });
      expect(
        report.failed.map(({ intent, error }) => [intent.args[0], (error as Error).message]),
      ).toEqual([['b', expect.stringContaining('float')]]);
      expect((await bench.jobs(queue.name)).map(({ name }) => name)).toEqual(['a', 'c']);
      await queue.close();
    });
  });

  describe('when dispatchOptions are given with it', () => {
    it('takes them for what its own options do not say', async () => {
      const { application, queue } = await withQueue();
      await within(application, () => {
        const deferred = application
          .get(EffectBuffer)
          .defer(queue, { dispatchOptions: { attempts: 4, delay: 60_000 } });
        deferred.add('a', 1);
        deferred.add('b', 2, { attempts: 5 });
      });
      const jobs = await bench.jobs(queue.name);
      expect(jobs.map(({ opts: { attempts, delay } }) => [attempts, delay])).toEqual([
        [4, 60_000],
        [5, 60_000],
      ]);
      await queue.close();
    });

    it('does so for one call alone', async () => {
      const { application, queue } = await withQueue();
      await within(application, () => {
        const options = { dispatchOptions: { attempts: 4, delay: 60_000 } };
        application.get(EffectBuffer).defer(queue, options).add('a', 1, { attempts: 5 });
      });
      const [job] = await bench.jobs(queue.name);
      expect(job!.opts).toMatchObject({ attempts: 5, delay: 60_000 });
      await queue.close();
    });

    it('adds one at a time what they make repeat, since BullMQ takes no other', async () => {
      const { application, queue } = await withQueue();
      const add = jest.spyOn(queue, 'add');
      const repeat = { every: 3_600_000 };
      await within(application, () => {
        const deferred = application
          .get(EffectBuffer)
          .defer(queue, { dispatchOptions: { repeat } });
        deferred.add('a', 1);
        deferred.add('b', 2);
      });
      expect(add.mock.calls).toEqual([
        ['a', 1, { repeat }],
        ['b', 2, { repeat }],
      ]);
      await queue.close();
    });
  });

  describe('when the queue does not answer', () => {
    it('fails within dispatchTimeoutMs, for the rest of the scope at once', async () => {
      const line = new Line(server);
      await line.mend();
      const name = bench.newName();
      const queue = new Queue(name, { connection: { url: line.url } });
      queue.on('error', () => {});
      await queue.waitUntilReady();
      const application = await bench.producer({
        bullmq: { dispatchTimeoutMs: 500 },
        providers: [{ provide: 'STOCK', useFactory: () => queue }, Stock],
      });
      line.freeze();
      const flushing = within(application, async () => {
        application.get(Stock).reserve('a', 1);
        await application.get(Mail).send('goes its own way');
        application.get(Stock).reserve('b', 2);
        application.get(Stock).reserve('c', 3);
      });
      await expect(flushing).rejects.toMatchObject({
        constructor: DispatchError,
        failures: [
          { error: { code: 'AIRLOCK_ENGINE_UNREACHABLE', delivery: 'unknown' } },
          { error: { code: 'AIRLOCK_ENGINE_UNREACHABLE', delivery: 'not sent' } },
          { error: { code: 'AIRLOCK_ENGINE_UNREACHABLE', delivery: 'not sent' } },
        ],
      });
      expect(await bench.jobs()).toHaveLength(1);
      await queue.disconnect();
      await line.cut();
    });
  });

  describe('when something else only looks like a queue', () => {
    it('runs its add in this process', async () => {
      const added: unknown[] = [];
      const basket = {
        add: (name: string, data: unknown) => void added.push([name, data]),
        addBulk: () => {},
      };
      const application = await bench.producer();
      const data = { keep: () => 'by reference' };
      await within(application, () => application.get(EffectBuffer).defer(basket).add('a', data));
      expect(added).toEqual([['a', data]]);
    });
  });

  describe('when the application runs effects in process otherwise', () => {
    it('is batched where it names the executor', async () => {
      const queue = new Queue(bench.newName(), { connection: bench.redis });
      const application = await bench.producer({
        airlock: { executor: undefined, executors: { jobs: BullMqExecutor } },
      });
      const addBulk = jest.spyOn(queue, 'addBulk');
      await within(application, () => {
        const deferred = application.get(EffectBuffer).defer(queue, { executor: 'jobs' });
        deferred.add('a', 1);
        deferred.add('b', 2);
      });
      expect(addBulk).toHaveBeenCalledTimes(1);
      await queue.close();
    });
  });

  it('is a job like any other for a worker of that queue', async () => {
    const { application, queue, stock } = await withQueue();
    const done: unknown[] = [];
    const worker = new Worker(queue.name, async ({ name, data }) => void done.push([name, data]), {
      connection: bench.redis,
    });
    await within(application, () => {
      stock.reserve('a', { id: 1 });
      stock.reserve('b', { id: 2 });
    });
    await until(() => done.length === 2);
    expect(done).toEqual([
      ['a', { id: 1 }],
      ['b', { id: 2 }],
    ]);
    await worker.close();
    await queue.close();
  });
});
