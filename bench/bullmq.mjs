// BullMQ through Airlock against BullMQ by hand, on the same Redis (REDIS_URL or 127.0.0.1:6379).
import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Queue, Worker } from 'bullmq';
import { AirlockModule, AirlockService, SideEffect } from 'nestjs-airlock';
import { AirlockBullMqModule, BullMqExecutor } from 'nestjs-airlock/bullmq';
import { atLeast, ratioOf, row } from './ratios.mjs';

const url = process.env.REDIS_URL || 'redis://127.0.0.1:6379';
const connection = { url };
const EFFECTS = 1_000;
const JOBS = 5_000;
const CONCURRENCY = 50;

/** What an effect and a job by hand carry. */
const order = (id) => ({ id, customer: `customer ${id}`, items: ['a book', 'a pen'] });

/** Counts jobs, and times them from the first to the last: starting a worker is no part of it. */
class Stopwatch {
  count = 0;
  hit() {
    if (++this.count === 1) this.startedAt = process.hrtime.bigint();
    if (this.count === JOBS) this.onEnd(Number(process.hrtime.bigint() - this.startedAt) / 1e9);
  }
  ended = new Promise((resolve) => (this.onEnd = resolve));
}
let stopwatch;

class Mail {
  async send(_order) {
    stopwatch.hit();
  }
}
const send = Object.getOwnPropertyDescriptor(Mail.prototype, 'send');
SideEffect()(Mail.prototype, 'send', send);
Object.defineProperty(Mail.prototype, 'send', send);
Injectable()(Mail);

async function start(queue, worker) {
  class AppModule {}
  Module({
    imports: [
      AirlockModule.forRoot({ executor: BullMqExecutor }),
      AirlockBullMqModule.forRoot({
        connection: url,
        queue,
        worker,
        jobOptions: { removeOnComplete: true },
      }),
    ],
    providers: [Mail],
  })(AppModule);
  return NestFactory.createApplicationContext(AppModule, { logger: ['error'] });
}

async function seconds(work) {
  const startedAt = process.hrtime.bigint();
  await work();
  return Number(process.hrtime.bigint() - startedAt) / 1e9;
}

/** Effects, or jobs, sent per second; the queue is empty before each. */
async function measureSending(rounds) {
  const queue = new Queue(`bench-${randomUUID()}`, { connection });
  const app = await start(queue.name, false);
  const [airlock, mail] = [app.get(AirlockService), app.get(Mail)];
  const opts = { removeOnComplete: true };
  const numbers = Array.from({ length: EFFECTS }, (_, id) => id);
  const sameJob = (unit, at) => (id) => ({
    name: 'Mail.send',
    data: { v: 1, id: `${unit}:${id}`, effect: 'Mail.send', args: [order(id)], at },
    opts: { ...opts, jobId: `${unit}-${id}` },
  });
  const ways = {
    airlock: () =>
      airlock.run(async () => {
        for (let id = 0; id < EFFECTS; id++) await mail.send(order(id));
      }),
    sameJobs: () => queue.addBulk(numbers.map(sameJob(randomUUID(), new Date().toISOString()))),
    byHand: () =>
      queue.addBulk(numbers.map((id) => ({ name: 'Mail.send', data: order(id), opts }))),
    single: async () => {
      for (let id = 0; id < EFFECTS; id++) await queue.add('Mail.send', order(id), opts);
    },
  };
  const figures = Object.fromEntries(Object.keys(ways).map((way) => [way, []]));
  for (let round = -2; round < rounds * 3; round++) {
    // Every other round backwards, so that drift of the machine favours nobody.
    for (const way of round % 2 ? Object.keys(ways).reverse() : Object.keys(ways)) {
      const rate = EFFECTS / (await seconds(ways[way]));
      if (round >= 0) figures[way].push(rate);
      await queue.obliterate({ force: true });
    }
  }
  await app.close();
  await queue.close();
  return figures;
}

/** Jobs with an empty handler, run per second. */
async function measureRunning(rounds) {
  const queue = new Queue(`bench-${randomUUID()}`, { connection });
  const jobs = (of) =>
    Array.from({ length: JOBS }, (_, id) => ({
      name: 'Mail.send',
      data: of(id),
      opts: { removeOnComplete: true },
    }));
  const at = new Date().toISOString();
  const envelope = (id) => ({
    v: 1,
    id: `bench:${id}`,
    effect: 'Mail.send',
    args: [order(id)],
    at,
  });
  const ways = {
    airlock: async () => {
      await queue.addBulk(jobs(envelope));
      const app = await start(queue.name, { concurrency: CONCURRENCY });
      return () => app.close();
    },
    bare: async () => {
      await queue.addBulk(jobs(order));
      const worker = new Worker(queue.name, async () => stopwatch.hit(), {
        connection,
        concurrency: CONCURRENCY,
      });
      return () => worker.close();
    },
  };
  const figures = { airlock: [], bare: [] };
  for (let round = -2; round < rounds * 3; round++) {
    for (const way of round % 2 ? ['bare', 'airlock'] : ['airlock', 'bare']) {
      stopwatch = new Stopwatch();
      const close = await ways[way]();
      const rate = JOBS / (await stopwatch.ended);
      await close();
      if (round >= 0) figures[way].push(rate);
    }
  }
  await queue.obliterate({ force: true });
  await queue.close();
  return figures;
}

export async function measure(rounds) {
  const sending = await measureSending(rounds);
  const running = await measureRunning(rounds);
  const against = (what, peer, ratios, goal) =>
    row(`bullmq: ${what} / ${peer}`, peer, ratios, goal);
  return [
    // The goal is against what somebody would write by hand; the other row says how much of the gap
    // the envelope and ids are.
    against(
      '1,000 effects of one scope',
      'addBulk by hand',
      ratioOf(sending.airlock, sending.byHand),
      atLeast(0.9),
    ),
    against(
      '1,000 effects of one scope',
      'addBulk of the same envelopes',
      ratioOf(sending.airlock, sending.sameJobs),
    ),
    against(
      '1,000 effects of one scope',
      'awaited adds',
      ratioOf(sending.airlock, sending.single),
      atLeast(3),
    ),
    against(
      'effects a worker runs',
      'a bare Worker',
      ratioOf(running.airlock, running.bare),
      atLeast(0.9),
    ),
  ];
}
