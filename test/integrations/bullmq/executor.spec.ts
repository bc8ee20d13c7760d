import { setTimeout } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import {
  AirlockOptionsError,
  AirlockService,
  DispatchError,
  EffectSerializationError,
  enqueue,
  enqueueWith,
  type FlushReport,
  SideEffect,
} from 'nestjs-airlock';
import { type ArgumentSerializer, BullMqExecutor } from 'nestjs-airlock/bullmq';
import type { TestingModule } from '@nestjs/testing';
import { describeWith } from '../../servers.js';
import { Bench, Mail, server, until, within } from './fixtures.js';

@Injectable()
class Reports {
  readonly made: unknown[] = [];

  @SideEffect({
    dispatchOptions: {
      priority: 3,
      delay: 60_000,
      attempts: 4,
      backoff: 10,
      removeOnComplete: { count: 7 },
    },
  })
  async make(id: number): Promise<void> {
    this.made.push(id);
  }

  @SideEffect({ dispatchOptions: { priority: 1.5 } })
  async refused(_id: number): Promise<void> {}

  @SideEffect({ dispatchOptions: { jobId: 'mine' } })
  async named(_id: number): Promise<void> {}

  @SideEffect({ dispatchOptions: { repeat: { every: 1_000 } } })
  async repeated(_id: number): Promise<void> {}
}

@Injectable()
class Printer {
  @SideEffect({ executor: 'jobs' })
  async print(_id: number): Promise<void> {}
}

/** Dates and bigints as tagged texts. */
const tagging: ArgumentSerializer = {
  serialize: (args) =>
    args.map((arg) =>
      arg instanceof Date
        ? { $date: arg.toISOString() }
        : typeof arg === 'bigint'
          ? { $bigint: String(arg) }
          : arg,
    ),
  deserialize: (args) =>
    args.map((arg) => {
      const { $date, $bigint } = Object(arg) as { $date?: string; $bigint?: string };
      if ($date !== undefined) return new Date($date);
      return $bigint === undefined ? arg : BigInt($bigint);
    }),
};

async function flush(application: TestingModule, work: () => unknown): Promise<FlushReport> {
  const scope = application.get(AirlockService).open({ name: 'test' });
  await scope.run(work);
  scope.close();
  return scope.flush();
}

describeWith(server, 'BullMqExecutor', () => {
  const bench = new Bench();

  describe('when a scope completes', () => {
    it('adds a job per effect, in order, which a worker elsewhere runs', async () => {
      const producer = await bench.producer();
      const mail = producer.get(Mail);
      await within(producer, async () => {
        for (let i = 0; i < 5; i++) await mail.send(i);
        expect(await bench.jobs()).toEqual([]);
      });
      expect((await bench.jobs()).map(({ name, data }) => [name, data.args])).toEqual(
        [0, 1, 2, 3, 4].map((i) => ['Mail.send', [i]]),
      );
      const worker = await bench.worker();
      await until(() => worker.get(Mail).sent.length === 5);
      expect(worker.get(Mail).sent).toEqual([0, 1, 2, 3, 4]);
      expect(mail.sent).toEqual([]);
    });

    it('sends all of a queue in one transaction', async () => {
      const producer = await bench.producer();
      await within(producer, () =>
        producer.get(Mail).send('the scripts are sent with the first job'),
      );
      const commands = await bench.monitored(() =>
        within(producer, async () => {
          for (let i = 0; i < 20; i++) await producer.get(Mail).send(i);
        }),
      );
      expect(commands).toEqual([['multi', ...Array.from({ length: 20 }, () => 'evalsha'), 'exec']]);
    });

    it('sends more than 250 in several transactions, in order', async () => {
      const producer = await bench.producer();
      const commands = await bench.monitored(() =>
        within(producer, async () => {
          for (let i = 0; i < 1_001; i++) await producer.get(Mail).send(i);
        }),
      );
      expect(commands[0]!.filter((name) => name === 'exec')).toHaveLength(5);
      const jobs = await bench.jobs();
      expect(jobs.map(({ data }) => data.args[0])).toEqual(
        Array.from({ length: 1_001 }, (_, i) => i),
      );
    });

    it('writes an envelope with the id of the intent, which the id of the job is made of', async () => {
      const producer = await bench.producer();
      const report = await flush(producer, () => producer.get(Mail).send({ to: 'a' }));
      const [job] = await bench.jobs();
      const { id } = report.dispatched[0]!;
      expect(job!.id).toBe(id.replace(':', '-'));
      expect(job!.data).toEqual({
        v: 1,
        id,
        effect: 'Mail.send',
        args: [{ to: 'a' }],
        origin: 'test',
        at: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      });
    });
  });

  describe('when a scope fails', () => {
    it('adds nothing', async () => {
      const producer = await bench.producer();
      const failing = within(producer, async () => {
        await producer.get(Mail).send('a');
        throw new Error('declined');
      });
      await expect(failing).rejects.toThrow('declined');
      expect(await bench.jobs()).toEqual([]);
    });
  });

  describe('when an effect has dispatchOptions', () => {
    it('makes them options of its job, on top of jobOptions', async () => {
      const bullmq = { jobOptions: { attempts: 2, removeOnFail: 5 } };
      const producer = await bench.producer({ providers: [Reports], bullmq });
      await within(producer, async () => {
        await producer.get(Reports).make(1);
        await producer.get(Mail).send('a');
      });
      const [mail, report] = (await bench.jobs()).sort((a, b) => a.name.localeCompare(b.name));
      expect(report!.opts).toMatchObject({
        priority: 3,
        delay: 60_000,
        attempts: 4,
        backoff: { type: 'fixed', delay: 10 },
        removeOnComplete: { count: 7 },
        removeOnFail: 5,
      });
      expect(mail!.opts).toMatchObject({ attempts: 2, removeOnFail: 5 });
    });

    it('adds the others when BullMQ refuses those of one', async () => {
      const producer = await bench.producer({ providers: [Reports] });
      const report = await flush(producer, async () => {
        await producer.get(Mail).send('before');
        await producer.get(Reports).refused(1);
        await producer.get(Mail).send('after');
      });
      expect(
        report.failed.map(({ intent, error }) => [intent.name, (error as Error).message]),
      ).toEqual([['Reports.refused', expect.stringContaining('float')]]);
      expect((await bench.jobs()).map(({ data }) => data.args[0])).toEqual(['before', 'after']);
    });

    it("refuses the call with those that are Airlock's own", async () => {
      const producer = await bench.producer({ providers: [Reports] });
      await within(producer, async () => {
        await producer.get(Mail).send('before');
        await expect(producer.get(Reports).named(1)).rejects.toThrow(
          'the job carries the id of its intent',
        );
        await expect(producer.get(Reports).repeated(2)).rejects.toThrow(
          '`dispatchOptions.repeat` of effect "Reports.repeated"',
        );
        await producer.get(Mail).send('after');
      });
      expect((await bench.jobs()).map(({ data }) => data.args[0])).toEqual(['before', 'after']);
    });

    it.each([
      ['before it has sent any', 0],
      ['later on', 1],
    ])(
      'keeps the order around one that BullMQ refuses, also of more than go in one transaction: %s',
      async (_, before) => {
        const producer = await bench.producer({ providers: [Reports] });
        for (let i = 0; i < before; i++)
          await within(producer, () => producer.get(Mail).send('before'));
        const report = await flush(producer, async () => {
          for (let i = 0; i < 600; i++) {
            if (i === 100) await producer.get(Reports).refused(i);
            else await producer.get(Mail).send(i);
          }
        });
        expect(report.failed.map(({ intent }) => intent.name)).toEqual(['Reports.refused']);
        const sent = (await bench.jobs()).map(({ data }) => data.args[0]);
        expect(sent.slice(before)).toEqual(
          Array.from({ length: 600 }, (_, i) => i).filter((i) => i !== 100),
        );
      },
    );

    it('refuses the call of one that is to be the child of another job', async () => {
      @Injectable()
      class Orphan {
        @SideEffect({ dispatchOptions: { parent: { id: 'nobody', queue: `bull:${bench.queue}` } } })
        async run(): Promise<void> {}
      }
      const producer = await bench.producer({ providers: [Orphan] });
      await within(producer, async () => {
        await expect(producer.get(Orphan).run()).rejects.toThrow(
          '`dispatchOptions.parent` of effect "Orphan.run"',
        );
      });
      expect(await bench.jobs()).toEqual([]);
    });
  });

  describe('when queueFor tells effects apart', () => {
    it('adds each to its queue and keeps the order in each', async () => {
      const slow = bench.newName();
      const queueFor = ({ name }: { readonly name: string }): string =>
        name.startsWith('Reports') ? slow : bench.queue;
      const producer = await bench.producer({ providers: [Reports], bullmq: { queueFor } });
      await within(producer, async () => {
        await producer.get(Mail).send('a');
        await producer.get(Reports).make(1);
        await producer.get(Mail).send('b');
      });
      expect((await bench.jobs()).map(({ data }) => data.args)).toEqual([['a'], ['b']]);
      expect((await bench.jobs(slow)).map(({ data }) => data.args)).toEqual([[1]]);
      const worker = await bench.worker({
        bullmq: { queueFor, worker: { queues: [bench.queue, slow] } },
      });
      await until(() => worker.get(Mail).sent.length === 2);
    });

    it('can go by the executor that was named at the call', async () => {
      const prints = bench.newName();
      const queueFor = ({ executor }: { readonly executor?: string }): string =>
        executor === 'jobs' ? prints : bench.queue;
      const airlock = { executors: { jobs: BullMqExecutor } };
      const producer = await bench.producer({
        airlock,
        providers: [Printer],
        bullmq: { queueFor },
      });
      await within(producer, async () => {
        await producer.get(Mail).send('a');
        await producer.get(Printer).print(1);
      });
      expect((await bench.jobs()).map(({ name }) => name)).toEqual(['Mail.send']);
      expect((await bench.jobs(prints)).map(({ name }) => name)).toEqual(['Printer.print']);
    });

    it('fails the effect for which it throws or names no queue', async () => {
      const queueFor = ({ args: [arg] }: { readonly args: readonly unknown[] }): string => {
        if (arg === 'throws') throw new Error('no idea');
        return arg === 'nothing' ? (undefined as never) : bench.queue;
      };
      const producer = await bench.producer({ bullmq: { queueFor } });
      const report = await flush(producer, async () => {
        for (const text of ['a', 'throws', 'nothing', 'b']) await producer.get(Mail).send(text);
      });
      expect(report.failed.map(({ error }) => (error as Error).message)).toEqual([
        'no idea',
        "Expected `queueFor` to be the name of a queue, without ':', got `undefined`.",
      ]);
      expect((await bench.jobs()).map(({ data }) => data.args[0])).toEqual(['a', 'b']);
    });
  });

  describe('when it is one of several executors', () => {
    it('gets the effects that name it', async () => {
      const airlock = { executor: undefined, executors: { jobs: BullMqExecutor } };
      const producer = await bench.producer({ airlock, providers: [Printer] });
      await within(producer, async () => {
        await producer.get(Printer).print(1);
        await producer.get(Mail).send('in process');
      });
      expect((await bench.jobs()).map(({ name }) => name)).toEqual(['Printer.print']);
      expect(producer.get(Mail).sent).toEqual(['in process']);
      expect(producer.get(AirlockService).explain().executors).toMatchObject({
        jobs: 'BullMqExecutor',
      });
    });
  });

  describe('when an effect has no name that a worker could find', () => {
    const noted: unknown[] = [];
    const note = (text: string): void => void noted.push(text);

    beforeEach(() => (noted.length = 0));

    it('runs it in this process, in its place in the order', async () => {
      const producer = await bench.producer();
      const pass = Object.assign(new Map(), { sentBefore: 0 });
      await within(producer, async () => {
        await producer.get(Mail).send('before');
        enqueue(async () => {
          pass.sentBefore = (await bench.jobs()).length;
        });
        enqueue(note, 'with a function');
        await producer.get(Mail).send('after');
      });
      expect(pass.sentBefore).toBe(1);
      expect(noted).toEqual(['with a function']);
      expect((await bench.jobs()).map(({ data }) => data.args[0])).toEqual(['before', 'after']);
    });

    it('gets its arguments as in this process: a copy of plain data, all else by reference', async () => {
      const producer = await bench.producer();
      const item = (): number => 1;
      const order = { items: [item] };
      const seen: (typeof order)[] = [];
      await within(producer, () => {
        enqueue((given: typeof order) => void seen.push(given), order);
        order.items = [];
      });
      expect(seen[0]!.items[0]).toBe(item);
    });

    it('is refused at the call under plainFunctions: refuse', async () => {
      const producer = await bench.producer({ bullmq: { plainFunctions: 'refuse' } });
      await within(producer, async () => {
        expect(() => enqueue(note, 'a')).toThrow(AirlockOptionsError);
        expect(() => enqueueWith({ name: 'note' }, note, 'a')).toThrow(
          /`note` is not a `@SideEffect\(\)` method/,
        );
        await producer.get(Mail).send('a');
      });
      expect(noted).toEqual([]);
      expect(await bench.jobs()).toHaveLength(1);
    });
  });

  describe('when arguments are no plain JSON data', () => {
    it.each<[string, unknown, string]>([
      ['a date', { when: new Date(0) }, 'args[0].when'],
      ['a function', { a: [{ b: () => 1 }] }, 'args[0].a[0].b'],
      ['a bigint', 1n, 'args[0]'],
      ['NaN', [1, NaN], 'args[0][1]'],
    ])('refuses %s at the call, with its path', async (_, arg, path) => {
      const producer = await bench.producer();
      let refusal: unknown;
      await within(producer, async () => {
        await producer
          .get(Mail)
          .send(arg)
          .catch((error: unknown) => (refusal = error));
      });
      expect(refusal).toBeInstanceOf(EffectSerializationError);
      expect(refusal).toMatchObject({ path, effect: 'Mail.send' });
      expect(await bench.jobs()).toEqual([]);
    });

    it('carries what the serializer makes of them, and back', async () => {
      const bullmq = { serializer: tagging };
      const producer = await bench.producer({ bullmq });
      const worker = await bench.worker({ bullmq });
      await within(producer, () => producer.get(Mail).sendLetter(new Date(7), 12n, 'plain'));
      await until(() => worker.get(Mail).sent.length === 1);
      expect(worker.get(Mail).sent).toEqual([[new Date(7), 12n, 'plain']]);
    });
  });

  describe('when arguments change after the call', () => {
    it('sends them as they were', async () => {
      const producer = await bench.producer();
      const order = { total: 1 };
      await within(producer, async () => {
        await producer.get(Mail).send(order);
        order.total = 2;
      });
      expect((await bench.jobs())[0]!.data.args).toEqual([{ total: 1 }]);
    });
  });

  describe('when arguments are larger than maxPayloadBytes', () => {
    it('refuses the call and says how large they are', async () => {
      const producer = await bench.producer({ bullmq: { maxPayloadBytes: 100 } });
      await within(producer, async () => {
        await expect(producer.get(Mail).send('x'.repeat(200))).rejects.toThrow(
          /`args` is more than 100 bytes of JSON and `maxPayloadBytes` is 100/,
        );
      });
      expect(await bench.jobs()).toEqual([]);
    });
  });

  describe('when Redis refuses the transaction', () => {
    /** A user of Redis who may not add jobs until told so. */
    const asUser = async (
      work: (connection: object, may: (yes: boolean) => Promise<unknown>) => Promise<void>,
    ) => {
      const user = `u${bench.queue}`;
      const acl = (...rules: string[]): Promise<unknown> =>
        bench.redis.call('acl', 'setuser', user, ...rules);
      await acl('on', '>secret', '~*', '&*', '+@all');
      try {
        const url = new URL(server.url);
        const connection = {
          host: url.hostname,
          port: Number(url.port || 6379),
          username: user,
          password: 'secret',
        };
        await work(connection, (yes) => acl(yes ? '+@all' : '-eval', yes ? '+@all' : '-evalsha'));
      } finally {
        await bench.redis.call('acl', 'deluser', user);
      }
    };

    it('reports what it has against it', async () => {
      await asUser(async (connection, may) => {
        await may(false);
        const producer = await bench.producer({ bullmq: { connection } });
        const flushing = within(producer, () => producer.get(Mail).send('a'));
        await expect(flushing).rejects.toThrow(DispatchError);
        await expect(flushing).rejects.toThrow(/NOPERM/);
      });
    });

    it.each([10, 20, 30, 40])('keeps the order of what it takes again after %i ms', async (ms) => {
      await asUser(async (connection, may) => {
        const producer = await bench.producer({ bullmq: { connection } });
        await within(producer, () => producer.get(Mail).send(-1));
        await may(false);
        const flushing = flush(producer, async () => {
          for (let i = 0; i < 1_000; i++) await producer.get(Mail).send(i);
        });
        await setTimeout(ms);
        await may(true);
        await flushing;
        const sent = (await bench.jobs()).map(({ data }) => data.args[0] as number);
        expect(sent).toEqual(sent.toSorted((a, b) => a - b));
      });
    });
  });
});
