import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { Test, type TestingModule } from '@nestjs/testing';
import { type Job, Queue, QueueEvents } from 'bullmq';
import {
  airlockMatchers,
  AirlockTestingModule,
  captureEffects,
  checkForLeaks,
  waitForEffect,
} from 'nestjs-airlock/testing';
import { describeWith, redis } from '../../test/servers.js';
import { AppModule } from './app.module.js';
import { createWorker } from './create-worker.js';
import { PostOffice } from './invoices/post.office.js';
import { MessagesService } from './parcels/messages.service.js';
import type { Parcel } from './parcels/parcel.js';
import { assertReachable, Settings } from './settings.js';

jest.setTimeout(60_000);
expect.extend(airlockMatchers);
// oxlint-disable typescript/unbound-method -- effects are named by their methods.
const { tellCustomer, tellStaff } = MessagesService.prototype;
const { sendInvoice } = PostOffice.prototype;

describeWith(redis, 'the worker', () => {
  const settings = new Settings({ redisUrl: redis.url, prefix: `sample-02-${randomUUID()}` });
  const ofQueue = { connection: { url: settings.redisUrl }, prefix: settings.prefix };
  let parcels: Queue<Parcel>;
  let events: QueueEvents;
  let lastId = 0;

  const add = (customer: string, to: string): Promise<Job<Parcel>> =>
    parcels.add('book', { id: ++lastId, customer, to }, { attempts: 3, backoff: 10 });

  checkForLeaks();
  beforeAll(async () => {
    parcels = new Queue('parcels', ofQueue);
    events = new QueueEvents('parcels', ofQueue);
    await events.waitUntilReady();
  });
  afterAll(async () => {
    await events.close();
    for (const queue of [parcels, new Queue('invoices', ofQueue)]) {
      await queue.obliterate({ force: true });
      await queue.close();
    }
  });

  describe('when it takes the job of a parcel', () => {
    let worker: TestingModule;

    beforeAll(async () => {
      const builder = Test.createTestingModule({ imports: [AppModule.forRoot(settings)] });
      worker = await AirlockTestingModule.override(builder, { mode: 'real' }).compile();
      await worker.init();
    });
    afterAll(() => worker.close());

    /** All attempts of one job, with nothing let out. */
    const attempts = (customer: string, to: string) =>
      captureEffects(worker, async () => (await add(customer, to)).waitUntilFinished(events));

    it('tells the customer and adds one invoice where the second attempt succeeds, and tells staff of the first', async () => {
      const captured = await attempts('Ada', 'Reykjavik');
      const parcel = { id: lastId, customer: 'Ada', to: 'Reykjavik' };
      expect(captured.result).toBe(`label-${parcel.id}`);
      expect(captured.dispatched).toHaveLength(3);
      expect(captured).toHaveDispatched(tellStaff, parcel, 1);
      expect(captured).toHaveDispatched(tellCustomer, parcel);
      expect(captured).toHaveDispatched('Queue.add', 'invoice', {
        parcelId: parcel.id,
        customer: 'Ada',
      });
      expect(captured).toHaveDropped(tellCustomer, { reason: 'outcome' });
    });

    it('tells staff alone where all attempts fail', async () => {
      const captured = await attempts('Bob', 'Atlantis');
      expect(captured.error).toMatchObject({ message: 'Nobody delivers to Atlantis' });
      expect(captured).toHaveEnqueuedTimes(tellCustomer, 3);
      expect(captured).not.toHaveDispatched(tellCustomer);
      expect(captured).not.toHaveDispatched('Queue.add');
      for (const attempt of [1, 2, 3])
        expect(captured).toHaveDispatched(tellStaff, expect.anything(), attempt);
    });

    it('sends the invoice through the second queue', async () => {
      const { data } = await add('Dora', 'Turku');
      const { args } = await waitForEffect(worker, sendInvoice, { timeoutMs: 10_000 });
      expect(args).toEqual([{ parcelId: data.id, customer: 'Dora' }]);
    });
  });

  describe('when it is closed with jobs under way', () => {
    const told: string[] = [];
    const start = () =>
      createWorker(settings, {
        logger: {
          log: (text: unknown, context: unknown) => {
            if (context === 'Telephone' || context === 'Mail') told.push(String(text));
          },
          warn: () => undefined,
          error: () => undefined,
        },
      });

    it('ends those it has, and the next worker takes the others: each customer is told once', async () => {
      const first = await start();
      const jobs: Job<Parcel>[] = [];
      for (let count = 0; count < 20; count++) jobs.push(await add('Cleo', 'Oslo'));
      await until(() => told.length > 0);
      await first.close();
      const second = await start();
      const expected = jobs.flatMap(({ data: { id } }) => [
        `Cleo: your parcel ${id} is on its way to Oslo`,
        `Cleo: the invoice for parcel ${id}`,
      ]);
      const toldCleo = () => told.filter((text) => text.startsWith('Cleo'));
      await until(() => toldCleo().length >= expected.length);
      await second.close();
      expect(toldCleo().toSorted()).toEqual(expected.toSorted());
    });
  });
});

describe('when there is no Redis', () => {
  it('says so, and how to get one', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    await once(server.close(), 'close');
    const nobody = new Settings({ redisUrl: `redis://127.0.0.1:${port}` });
    await expect(assertReachable(nobody)).rejects.toThrow(
      `No Redis answers at redis://127.0.0.1:${port}. Start one`,
    );
  });
});

async function until(holds: () => boolean, timeoutMs = 20_000): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!holds()) {
    if (performance.now() > deadline)
      throw new Error(`Waited ${timeoutMs} ms in vain for ${String(holds)}`);
    await setTimeout(5);
  }
}
