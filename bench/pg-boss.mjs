// Effects as jobs of pg-boss against pg-boss by hand: its bulk insert, and its worker with an empty
// handler.
import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  AirlockModule,
  AirlockService,
  trackTransactions,
  openFrame,
  SideEffect,
} from 'nestjs-airlock';
import { AirlockPgBossModule, PgBossExecutor } from 'nestjs-airlock/pg-boss';
import pg from 'pg';
import { PgBoss } from 'pg-boss';
import { atLeast, ratioOf, row } from './ratios.mjs';

const EFFECTS = 1_000;
const JOBS = 3_000;
const FETCH = { batchSize: 100, pollingIntervalSeconds: 0.5 };

/** When a worker ran its first job and its last. */
class Stopwatch {
  ran = 0;
  tick(jobs) {
    const now = performance.now();
    if (this.ran === 0) this.first = now;
    this.ran += jobs;
    if (this.ran === JOBS) this.done(now - this.first);
  }
  /** Milliseconds from now on. */
  start() {
    this.ran = 0;
    return new Promise((resolve) => (this.done = resolve));
  }
}

const stopwatch = new Stopwatch();

/** A class with the decorators that TypeScript would apply. */
class Mail {
  async send() {
    stopwatch.tick(1);
  }
}
const send = Object.getOwnPropertyDescriptor(Mail.prototype, 'send');
SideEffect()(Mail.prototype, 'send', send);
Object.defineProperty(Mail.prototype, 'send', send);
Injectable()(Mail);

async function application(boss, queue, worker) {
  class AppModule {}
  Module({
    imports: [
      AirlockModule.forRoot({ executor: PgBossExecutor }),
      AirlockPgBossModule.forRoot({ boss, queue, worker }),
    ],
    providers: [Mail],
  })(AppModule);
  return NestFactory.createApplicationContext(AppModule, { logger: false });
}

/** What the executor writes, as somebody without one would build it. */
const jobsByHand = (count) =>
  Array.from({ length: count }, (_, i) => ({
    data: {
      v: 1,
      id: randomUUID(),
      effect: 'Mail.send',
      args: [i, 'order placed'],
      at: new Date().toISOString(),
    },
  }));

const effects = (app, count) => {
  const mail = app.get(Mail);
  return app.get(AirlockService).run(async () => {
    for (let i = 0; i < count; i++) void mail.send(i, 'order placed');
  });
};

/** Runs a callback between BEGIN and COMMIT. */
const transactionOn = (client) => async (callback) => {
  await client.query('begin');
  const value = await callback(client);
  await client.query('commit');
  return value;
};

async function timeOf(work) {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

export async function measure(rounds) {
  const connectionString =
    process.env.DATABASE_URL ?? 'postgres://postgres@127.0.0.1:5432/postgres';
  const schema = `bench_${randomUUID().replaceAll('-', '')}`;
  const client = new pg.Client({ connectionString });
  await client.connect();
  const boss = new PgBoss({ connectionString, schema, supervise: false, schedule: false });
  boss.on('error', (error) => console.error(error));
  await boss.start();
  for (const name of ['peer', 'peer-worked']) await boss.createQueue(name);
  const app = await application(boss, 'mine', false);
  const working = await application(boss, 'mine-worked', FETCH);
  await boss.work('peer-worked', { ...FETCH, burstWhenBatchFull: true }, async (jobs) =>
    stopwatch.tick(jobs.length),
  );
  const clear = () => client.query(`truncate ${schema}.job_common`);

  const byHand = transactionOn(client);
  const kept = trackTransactions(byHand, () =>
    openFrame({ connection: { executeSql: (text, values) => client.query(text, values) } }),
  );
  const pairs = {
    scope: [() => effects(app, EFFECTS), () => boss.insert('peer', jobsByHand(EFFECTS))],
    transaction: [
      () => app.get(AirlockService).run(() => kept(() => effects(app, EFFECTS))),
      () =>
        byHand(() =>
          boss.insert('peer', jobsByHand(EFFECTS), {
            db: { executeSql: (...q) => client.query(...q) },
          }),
        ),
    ],
  };
  const times = Object.fromEntries(Object.keys(pairs).map((name) => [name, [[], []]]));
  const throughputs = [[], []];
  try {
    for (let i = -3; i < rounds * 3; i++) {
      for (const [name, works] of Object.entries(pairs)) {
        for (const [index, work] of works.entries()) {
          await clear();
          const time = await timeOf(work);
          if (i >= 0) times[name][index].push(time);
        }
      }
    }
    for (let i = -1; i < rounds; i++) {
      await clear();
      const mine = stopwatch.start();
      await effects(working, JOBS);
      const mineMs = await mine;
      await clear();
      const peer = stopwatch.start();
      await boss.insert('peer-worked', jobsByHand(JOBS));
      const peerMs = await peer;
      if (i < 0) continue;
      throughputs[0].push(JOBS / mineMs);
      throughputs[1].push(JOBS / peerMs);
    }
  } finally {
    await working.close();
    await app.close();
    await boss.stop({ graceful: false });
    await client.query(`drop schema ${schema} cascade`);
    await client.end();
  }
  // Of throughputs: the peer's time over ours.
  return [
    row(
      'pg-boss: 1,000 effects of one scope',
      'its own bulk insert',
      ratioOf(times.scope[1], times.scope[0]),
      atLeast(0.9),
    ),
    row(
      'pg-boss: 1,000 effects in a transaction',
      'its own bulk insert in one',
      ratioOf(times.transaction[1], times.transaction[0]),
    ),
    row(
      `pg-boss: a worker's jobs a second, ${FETCH.batchSize} a fetch`,
      'its own worker, empty handler',
      ratioOf(throughputs[0], throughputs[1]),
      atLeast(0.9),
    ),
  ];
}
