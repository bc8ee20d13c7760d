import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable, Scope } from '@nestjs/common';
import { UnrecoverableError } from 'bullmq';
import {
  AirlockService,
  type ContextCarrier,
  EffectBuffer,
  onAirlock,
  SideEffect,
} from 'nestjs-airlock';
import { describeWith } from '../../servers.js';
import { Bench, Mail, server, until, within } from './fixtures.js';

/** Each run enqueues two further effects and fails until its last attempt. */
@Injectable()
class Orders {
  readonly attempts: string[] = [];
  readonly told: string[] = [];

  constructor(
    @Inject(EffectBuffer) private readonly effects: EffectBuffer,
    @Inject(AirlockService) private readonly airlock: AirlockService,
  ) {}

  @SideEffect({ dispatchOptions: { attempts: 3 } })
  async ship(id: string, failures: number): Promise<void> {
    const attempt = this.attempts.push(this.airlock.currentScope!.id);
    this.effects.enqueue(this.tell, `${id} in attempt ${attempt}`);
    await sleep(1);
    if (attempt <= failures) throw new Error('not today');
  }

  @SideEffect()
  async rejectOddly(_reason: string): Promise<void> {
    // oxlint-disable-next-line no-throw-literal -- as some libraries do.
    throw null;
  }

  private readonly tell = (text: string): void => void this.told.push(text);
}

@Injectable({ scope: Scope.REQUEST })
class PerRequest {
  static readonly instances: PerRequest[] = [];
  readonly seen: number[] = [];

  @SideEffect()
  async see(id: number): Promise<void> {
    this.seen.push(id);
    PerRequest.instances.push(this);
  }
}

/** Every run checks, at both ends of a pause, that it is alone with what it has enqueued. */
@Injectable()
class Crowd {
  readonly told: number[] = [];
  running = 0;
  mostAtOnce = 0;
  readonly mixed: string[] = [];

  constructor(
    @Inject(EffectBuffer) private readonly effects: EffectBuffer,
    @Inject(AirlockService) private readonly airlock: AirlockService,
  ) {}

  @SideEffect()
  async visit(id: number): Promise<void> {
    this.mostAtOnce = Math.max(this.mostAtOnce, ++this.running);
    const { id: scope } = this.airlock.currentScope!;
    this.effects.enqueue(this.tell, id);
    await sleep(5 + (id % 7));
    this.effects.enqueue(this.tell, id + 1_000);
    const mine = this.effects.intents.map(({ args: [arg] }) => arg);
    if (this.airlock.currentScope!.id !== scope || String(mine) !== String([id, id + 1_000])) {
      this.mixed.push(`${id}: ${String(mine)}`);
    }
    this.running--;
    if (id % 10 === 9) throw new Error('declined');
  }

  private readonly tell = (id: number): void => void this.told.push(id);
}

const envelope = (over: object): object => ({
  v: 1,
  id: 'i:0',
  effect: 'Mail.send',
  args: ['a'],
  at: '2026-01-01',
  ...over,
});

describeWith(server, 'A worker of BullMQ', () => {
  const bench = new Bench();

  const failedJob = async () => {
    await until(async () => (await bench.queueOf().getFailedCount()) === 1);
    return (await bench.queueOf().getFailed())[0]!;
  };

  describe('when an effect fails and has attempts left', () => {
    it('runs each attempt in a scope of its own, and lets out what the last one enqueued', async () => {
      const producer = await bench.producer({ providers: [Orders] });
      const worker = await bench.worker({ providers: [Orders] });
      await within(producer, () => producer.get(Orders).ship('7', 2));
      const { attempts, told } = worker.get(Orders);
      await until(() => told.length > 0);
      expect(new Set(attempts).size).toBe(3);
      expect(told).toEqual(['7 in attempt 3']);
      expect(bench.lines.of('warn').filter((line) => line.startsWith('Effect '))).toEqual([
        expect.stringMatching(
          /^Effect Orders\.ship \(job \S+ of queue "\S+"\) failed in attempt 1 of 3: not today$/,
        ),
        expect.stringContaining('failed in attempt 2 of 3'),
      ]);
    });

    it('traces each attempt, with the id of the call and the scope it runs in', async () => {
      const producer = await bench.producer({ providers: [Orders] });
      const worker = await bench.worker({ providers: [Orders] });
      const runs: string[] = [];
      const ids = new Set<string>();
      const stop = onAirlock('effect', ({ intent, scope }, event) => {
        if (scope?.name !== 'effect Orders.ship') return;
        ids.add(intent.id);
        runs.push(`${event} ${intent.name}`);
      });
      await within(producer, () => producer.get(Orders).ship('7', 1));
      await until(() => worker.get(Orders).told.length > 0);
      stop();
      const attempt = (...events: readonly string[]): string[] =>
        events.map((event) => `${event} Orders.ship`);
      expect(runs.slice(0, 8)).toEqual([
        ...attempt('start', 'end', 'error', 'asyncStart', 'asyncEnd'),
        ...attempt('start', 'end', 'asyncStart'),
      ]);
      expect(ids.size).toBe(2); // that of the call, and that of what the effect enqueued
    });

    it('is listed by explain(), with the queues that it serves and how many run at a time', async () => {
      const worker = await bench.worker({
        providers: [Orders],
        bullmq: { worker: { concurrency: 3 } },
      });
      const producer = await bench.producer({ providers: [Orders] });
      expect(worker.get(AirlockService).explain().workers).toEqual([
        { engine: 'BullMQ', queues: [expect.any(String)], concurrency: 3 },
      ]);
      expect(producer.get(AirlockService).explain().workers).toEqual([]);
    });
  });

  describe('when an effect fails for good', () => {
    it('drops what it enqueued, keeps the job with the error, and logs it', async () => {
      const producer = await bench.producer({ providers: [Orders] });
      const worker = await bench.worker({ providers: [Orders] });
      await within(producer, () => producer.get(Orders).ship('7', 3));
      const job = await failedJob();
      expect(job).toMatchObject({
        name: 'Orders.ship',
        failedReason: 'not today',
        attemptsMade: 3,
      });
      expect(worker.get(Orders).told).toEqual([]);
      await until(() => bench.lines.of('error').length > 0);
      expect(bench.lines.of('error')).toEqual([
        expect.stringContaining('failed for good: not today'),
      ]);
    });

    it('keeps what was thrown where that is no Error', async () => {
      const producer = await bench.producer({ providers: [Orders] });
      await bench.worker({ providers: [Orders] });
      await within(producer, () => producer.get(Orders).rejectOddly('so'));
      expect(await failedJob()).toMatchObject({ failedReason: 'null' });
    });
  });

  describe('when it meets an effect that nothing here has', () => {
    it('fails the job without another attempt, names the effects it knows, and keeps it whatever removeOnFail says', async () => {
      const bullmq = { jobOptions: { attempts: 5, removeOnFail: true } };
      const producer = await bench.producer({ providers: [Orders], bullmq });
      await bench.worker();
      await within(producer, () => producer.get(Orders).ship('7', 0));
      const job = await failedJob();
      expect(job.attemptsMade).toBe(1);
      expect(job.failedReason).toContain(
        'No effect is named "Orders.ship" here. Known effects: Mail.send, mail.letter',
      );
      await until(() => bench.lines.of('error').length > 0);
      expect(bench.lines.of('error')).toEqual([
        expect.stringContaining('No effect is named "Orders.ship" here'),
      ]);
    });

    it('runs it once a worker that has it takes the job again', async () => {
      const producer = await bench.producer({ providers: [Orders] });
      const old = await bench.worker();
      await within(producer, () => producer.get(Orders).ship('7', 0));
      const job = await failedJob();
      await old.close();
      const worker = await bench.worker({ providers: [Orders] });
      await job.retry();
      await until(() => worker.get(Orders).told.length === 1);
      expect(worker.get(Orders).told).toEqual(['7 in attempt 1']);
    });
  });

  describe('when a job is no envelope it can read', () => {
    it.each<[string, unknown, RegExp]>([
      ['another version', envelope({ v: 2 }), /its version is 2, and 1 is known/],
      ['no version', { to: 'a' }, /its version is missing/],
      ['a name that is not a string', envelope({ effect: 7 }), /its `effect` is not a string/],
      ['arguments that are no list', envelope({ args: {} }), /its `args` is not an array/],
      ['no object', 'text', /it is not an object/],
    ])('fails it for good: %s', async (_, data, problem) => {
      const worker = await bench.worker();
      await bench.queueOf().add('Mail.send', data, { attempts: 4 });
      const job = await failedJob();
      expect(job.failedReason).toMatch(problem);
      expect(job.attemptsMade).toBe(1);
      expect(worker.get(Mail).sent).toEqual([]);
    });
  });

  describe('when an effect is delayed', () => {
    it('runs it after what was called later', async () => {
      const ran: string[] = [];
      @Injectable()
      class Reminder {
        @SideEffect({ dispatchOptions: { delay: 150 } })
        async remind(): Promise<void> {
          ran.push('later');
        }

        @SideEffect()
        async tell(): Promise<void> {
          ran.push('now');
        }
      }
      const both = await bench.worker({ providers: [Reminder] });
      await within(both, async () => {
        await both.get(Reminder).remind();
        await both.get(Reminder).tell();
      });
      await until(() => ran.length === 2);
      expect(ran).toEqual(['now', 'later']);
    });
  });

  describe('when many jobs run at once', () => {
    it('keeps their scopes apart', async () => {
      const producer = await bench.producer({ providers: [Crowd] });
      const worker = await bench.worker({
        providers: [Crowd],
        bullmq: { worker: { concurrency: 20 } },
      });
      await within(producer, async () => {
        for (let id = 0; id < 50; id++) await producer.get(Crowd).visit(id);
      });
      const crowd = worker.get(Crowd);
      const ids = Array.from({ length: 50 }, (_, id) => id).filter((id) => id % 10 !== 9);
      await until(() => crowd.told.length >= 90);
      expect(crowd.mixed).toEqual([]);
      expect(crowd.told.toSorted((a, b) => a - b)).toEqual([
        ...ids,
        ...ids.map((id) => id + 1_000),
      ]);
      expect(crowd.mostAtOnce).toBeGreaterThan(1);
    });

    it('runs one at a time where nothing is said', async () => {
      const producer = await bench.producer({ providers: [Crowd] });
      const worker = await bench.worker({ providers: [Crowd] });
      await within(producer, async () => {
        for (let id = 0; id < 5; id++) await producer.get(Crowd).visit(id);
      });
      const crowd = worker.get(Crowd);
      await until(() => crowd.told.length >= 10);
      expect(crowd.told).toEqual([0, 1_000, 1, 1_001, 2, 1_002, 3, 1_003, 4, 1_004]);
      expect(crowd.mostAtOnce).toBe(1);
    });
  });

  describe('when the provider of an effect is request-scoped', () => {
    it('makes one for each run', async () => {
      PerRequest.instances.length = 0;
      const producer = await bench.producer({ providers: [PerRequest] });
      await bench.worker({ providers: [PerRequest] });
      const callee = await producer.resolve(PerRequest);
      await within(producer, async () => {
        await callee.see(1);
        await callee.see(2);
      });
      await until(() => PerRequest.instances.length === 2);
      expect(PerRequest.instances.map(({ seen }) => seen)).toEqual([[1], [2]]);
    });
  });

  describe('when a carrier takes something from the call', () => {
    it('runs a job with what its own effect was called with', async () => {
      let current: string | undefined;
      const runs: unknown[] = [];
      const carrier: ContextCarrier<string> = {
        name: 'trace',
        capture: () => current,
        restore: (trace, run) => {
          runs.push(trace);
          return run();
        },
      };
      const airlock = { context: [carrier] };
      const producer = await bench.producer({ airlock });
      const worker = await bench.worker({ airlock });
      await within(producer, async () => {
        await producer.get(Mail).send('not traced');
        for (const trace of ['00-aaaa-bbbb-01', '00-aaaa-cccc-01']) {
          current = trace;
          await producer.get(Mail).send('traced');
        }
        current = '00-aaaa-dddd-01';
      });
      await until(() => worker.get(Mail).sent.length === 3);
      expect(runs).toEqual(['00-aaaa-bbbb-01', '00-aaaa-cccc-01']);
    });
  });

  describe('when one application sends and runs', () => {
    it('runs its own effects, from the queue', async () => {
      const both = await bench.worker();
      await within(both, () => both.get(Mail).send('to myself'));
      await until(() => both.get(Mail).sent.length === 1);
      await until(async () => (await bench.queueOf().getCompletedCount()) === 1);
      expect(both.get(Mail).sent).toEqual(['to myself']);
    });
  });

  describe('when an application only sends', () => {
    it('leaves jobs to others', async () => {
      const producer = await bench.producer();
      await within(producer, () => producer.get(Mail).send('a'));
      await sleep(100);
      expect(await bench.queueOf().getWaitingCount()).toBe(1);
    });
  });

  describe('when an effect throws what BullMQ knows', () => {
    it('leaves it to BullMQ', async () => {
      @Injectable()
      class Hopeless {
        @SideEffect({ dispatchOptions: { attempts: 5 } })
        async run(): Promise<void> {
          throw new UnrecoverableError('no use');
        }
      }
      const worker = await bench.worker({ providers: [Hopeless] });
      await within(worker, () => worker.get(Hopeless).run());
      expect(await failedJob()).toMatchObject({ failedReason: 'no use', attemptsMade: 1 });
    });
  });
});
