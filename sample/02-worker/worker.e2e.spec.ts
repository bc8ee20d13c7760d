import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import type { INestApplicationContext } from '@nestjs/common';
import { type Job, Queue } from 'bullmq';
import { describeWith, redis } from '../../test/servers.js';
import { createWorker } from './create-worker.js';
import type { Parcel } from './parcels/parcel.js';
import { assertReachable, Settings } from './settings.js';

jest.setTimeout(30_000);

describeWith(redis, 'the worker', () => {
  const settings = new Settings({ redisUrl: redis.url, prefix: `sample-02-${randomUUID()}` });
  const told: string[] = [];
  const ids = { last: 0 };
  let worker: INestApplicationContext;
  let parcels: Queue<Parcel>;

  const start = () =>
    createWorker(settings, {
      logger: {
        log: (text: unknown, context: unknown) => {
          if (context === 'Telephone' || context === 'Mail') told.push(String(text));
        },
        warn: () => undefined,
        error: (text: unknown) => void told.push(`error: ${String(text)}`),
      },
    });
  const add = (customer: string, to: string, attempts = 3): Promise<Job<Parcel>> =>
    parcels.add('book', { id: ++ids.last, customer, to }, { attempts, backoff: 10 });

  beforeAll(async () => {
    parcels = new Queue('parcels', { connection: { url: settings.redisUrl }, prefix: settings.prefix });
    worker = await start();
  });
  afterAll(async () => {
    await worker.close();
    const invoices = new Queue('invoices', { connection: { url: settings.redisUrl }, prefix: settings.prefix });
    for (const queue of [parcels, invoices]) {
      await queue.obliterate({ force: true });
      await queue.close();
    }
  });
  beforeEach(() => void (told.length = 0));

  describe('when the second attempt succeeds', () => {
    it('tells the customer once, sends one invoice, and tells staff of the first', async () => {
      const job = await add('Ada', 'Reykjavik');
      await until(() => told.length === 3);
      expect(told).toEqual([
        `staff: parcel ${job.data.id} could not be booked, attempt 1`,
        `Ada: your parcel ${job.data.id} is on its way to Reykjavik`,
        `Ada: the invoice for parcel ${job.data.id}`,
      ]);
      await until(() => job.isCompleted());
      expect((await parcels.getJob(job.id!))!.returnvalue).toBe(`label-${job.data.id}`);
    });
  });

  describe('when all attempts fail', () => {
    it('tells the customer nothing and sends no invoice', async () => {
      const job = await add('Bob', 'Atlantis');
      await until(() => job.isFailed());
      expect(told).toEqual([1, 2, 3].map((n) => `staff: parcel ${job.data.id} could not be booked, attempt ${n}`));
    });
  });

  describe('when the worker is closed with jobs under way', () => {
    it('ends those it has, and the next worker takes the others: each customer is told once', async () => {
      const jobs: Job<Parcel>[] = [];
      for (let count = 0; count < 20; count++) jobs.push(await add('Cleo', 'Oslo'));
      await until(() => told.length > 0);
      await worker.close();
      worker = await start();
      const expected = jobs.flatMap(({ data: { id } }) => [
        `Cleo: your parcel ${id} is on its way to Oslo`,
        `Cleo: the invoice for parcel ${id}`,
      ]);
      const toldCleo = () => told.filter((text) => text.startsWith('Cleo'));
      await until(() => toldCleo().length >= expected.length);
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
    await expect(assertReachable(nobody)).rejects.toThrow(`No Redis answers at redis://127.0.0.1:${port}. Start one`);
  });
});

async function until(holds: () => boolean | Promise<boolean>, timeoutMs = 20_000): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`Waited ${timeoutMs} ms in vain for ${String(holds)}`);
    await setTimeout(5);
  }
}
