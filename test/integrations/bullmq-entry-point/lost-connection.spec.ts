import { InjectQueue, Processor, WorkerHost } from '@nestjs/bullmq';
import { Inject } from '@nestjs/common';
import type { Job, Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { AirlockModule, EffectBuffer } from 'nestjs-airlock';
import {
  bootModule,
  checkAfterEach,
  Effects,
  gate,
  moduleOf,
  until,
} from '../../e2e/http/fixtures.js';
import { describeWith, redis as server } from '../../servers.js';
import { Jobs } from './jobs.js';

const jobs = new Jobs();
let begun = 0;
let go = gate();
/** What the processor's second effect does. */
let meanwhile: () => Promise<unknown>;
/** Redis for effects: a command that is under way when the connection breaks fails. */
let impatient: Redis;

@Processor('parcels', { concurrency: 2, stalledInterval: 100 })
class ParcelProcessor extends WorkerHost {
  @Inject(Effects) private readonly effects!: Effects;
  @Inject(EffectBuffer) private readonly buffer!: EffectBuffer;
  @InjectQueue('invoices') private readonly invoices!: Queue;

  async process({ id, attemptsStarted }: Job): Promise<string> {
    begun++;
    this.effects.one('first');
    this.buffer.enqueueWith({ name: 'second' }, () => meanwhile());
    this.buffer.defer(this.invoices).addBulk([
      { name: 'draft', data: { id } },
      { name: 'send', data: { id } },
    ]);
    this.effects.one('last');
    await go.passed;
    return `attempt ${attemptsStarted}`;
  }
}

describeWith(server, 'a BullMQ job whose connection to Redis breaks', () => {
  beforeAll(() => jobs.open());
  afterAll(() => jobs.close());
  // Before the application is closed, which waits for what is at work.
  afterEach(() => go.open());
  checkAfterEach();
  beforeEach(async () => {
    // Where workers without listeners tell of connections that break.
    jest.spyOn(console, 'error').mockImplementation(() => {});
    begun = 0;
    go = gate();
    meanwhile = async () => undefined;
    impatient = new Redis(server.url, {
      maxRetriesPerRequest: 0,
      connectionName: jobs.prefix,
      retryStrategy: () => 5,
    });
    impatient.on('error', () => {});
    await jobs.queue('invoices').obliterate({ force: true });
  });
  afterEach(() => {
    impatient.disconnect();
    jest.restoreAllMocks();
  });

  const start = () =>
    bootModule(
      moduleOf({
        imports: [AirlockModule.forRoot(), ...jobs.modules('invoices')],
        providers: [ParcelProcessor],
      }),
    );

  const outcome = async (sent: readonly string[]) => {
    const invoices = await jobs.queue('invoices').getJobs(['wait'], 0, -1, true);
    return { begun, sent, invoices: invoices.map(({ name }) => name) };
  };
  const once = { begun: 1, sent: ['first', 'last'], invoices: ['draft', 'send'] };

  describe('when it is at work', () => {
    it('runs once, and lets each effect out once', async () => {
      const { sent } = await start();
      const job = await jobs.add('parcels', {}, { attempts: 3 });
      await until(() => begun === 1);
      expect(await jobs.killConnections()).toBeGreaterThanOrEqual(3);
      expect(sent).toEqual([]);
      go.open();
      expect(await jobs.ended('parcels', job)).toMatchObject({
        state: 'completed',
        returnvalue: 'attempt 1',
      });
      expect(await outcome(sent)).toEqual(once);
    });
  });

  describe('when its effects are on their way', () => {
    it('lets the others out once, those that add jobs included', async () => {
      const { sent, log } = await start();
      meanwhile = () => jobs.killConnections();
      go.open();
      const job = await jobs.add('parcels', {}, { attempts: 3 });
      expect(await jobs.ended('parcels', job)).toMatchObject({
        state: 'completed',
        returnvalue: 'attempt 1',
      });
      expect(await outcome(sent)).toEqual(once);
      expect(log.airlock('error')).toEqual([]);
    });
  });

  describe('when an effect is waiting for an answer of Redis', () => {
    it('reports that one, once, and lets the others out; the job has succeeded', async () => {
      const { sent, log } = await start();
      const list = `${jobs.prefix}:nothing`;
      meanwhile = async () => {
        const answer = impatient.blpop(list, 0);
        await until(() => impatient.status === 'ready');
        await Promise.all([answer, jobs.killConnections()]);
      };
      go.open();
      const job = await jobs.add('parcels', {}, { attempts: 3 });
      expect(await jobs.ended('parcels', job)).toMatchObject({
        state: 'completed',
        returnvalue: 'attempt 1',
      });
      expect(await outcome(sent)).toEqual(once);
      expect(log.airlock('error')).toEqual([
        expect.stringMatching(/"ParcelProcessor\.process"[^]*second \(.*max retries/),
      ]);
      // Until it is connected again: closed before, BullMQ waits for a connection that is gone.
      meanwhile = async () => undefined;
      expect(await jobs.ended('parcels', await jobs.add('parcels', {}))).toMatchObject({
        state: 'completed',
      });
    });
  });

  describe('when it is away for longer than the lock of the job', () => {
    it('lets out the effects of the attempt that the job is given to, and reports the other', async () => {
      const { sent, log } = await start();
      const job = await jobs.add('parcels', {}, { attempts: 3 });
      await until(() => begun === 1);
      await jobs.redis.del(`${jobs.prefix}:parcels:${job.id}:lock`);
      await until(() => begun === 2);
      go.open();
      expect(await jobs.ended('parcels', job)).toMatchObject({
        state: 'completed',
        returnvalue: 'attempt 2',
      });
      await until(() => log.airlock('error').length > 0);
      expect(log.airlock('error')).toEqual([
        expect.stringMatching(
          `^An attempt of job ${job.id} in "ParcelProcessor.process" has lost its lock`,
        ),
      ]);
      expect(await outcome(sent)).toEqual({ ...once, begun: 2 });
    });
  });
});
