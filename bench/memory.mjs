// What stays in memory over a million effects in scopes of 100: the heap after each tenth, against
// that after the first. In process; through Redis and back, where the same process runs the jobs;
// and into pg-boss.
import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Queue } from 'bullmq';
import { AirlockModule, AirlockService, SideEffect } from 'nestjs-airlock';
import { AirlockBullMqModule, BullMqExecutor } from 'nestjs-airlock/bullmq';
import { AirlockPgBossModule, PgBossExecutor } from 'nestjs-airlock/pg-boss';
import pg from 'pg';
import { PgBoss } from 'pg-boss';
import { atMost, row } from './ratios.mjs';

const EFFECTS = Number(process.env.EFFECTS || 1_000_000);
const SCOPE = 100;
const TENTH = EFFECTS / 10;
/** Jobs that may wait for the worker: memory is to be measured, not a queue that grows. */
const BACKLOG = 5_000;

let ran = 0;
class Mail {
  async send() {
    ran++;
  }
}
const send = Object.getOwnPropertyDescriptor(Mail.prototype, 'send');
SideEffect()(Mail.prototype, 'send', send);
Object.defineProperty(Mail.prototype, 'send', send);
Injectable()(Mail);

setFlagsFromString('--expose-gc');
const gc = runInNewContext('gc');

async function heap() {
  for (let i = 0; i < 3; i++) {
    await setImmediate();
    gc();
  }
  return process.memoryUsage().heapUsed;
}

/**
 * @param rest brings everything to rest after a tenth
 * @returns the heap after each tenth but the first, as a share of that after the first
 */
async function heaps(imports, rest = async () => {}, keepUp = async () => {}) {
  class AppModule {}
  Module({ imports, providers: [Mail] })(AppModule);
  const app = await NestFactory.createApplicationContext(AppModule, { logger: ['error'] });
  const [airlock, mail] = [app.get(AirlockService), app.get(Mail)];
  const after = [];
  let sent = 0;
  ran = 0;
  while (sent < EFFECTS) {
    await airlock.run(async () => {
      for (let i = 0; i < SCOPE; i++) await mail.send({ id: ++sent, customer: `customer ${sent}` });
    });
    await keepUp(sent);
    if (sent % TENTH > 0) continue;
    await rest(sent);
    after.push(await heap());
  }
  await app.close();
  const shares = after.slice(1).map((bytes) => bytes / after[0]);
  return { ratio: shares.at(-1), low: Math.min(...shares), high: Math.max(...shares) };
}

async function catchUp(target) {
  while (ran < target) await setImmediate();
}

async function throughRedis() {
  const url = process.env.REDIS_URL || 'redis://127.0.0.1:6379';
  const queue = `bench-${randomUUID()}`;
  const bullmq = {
    connection: url,
    queue,
    jobOptions: { removeOnComplete: true },
    worker: { concurrency: 100 },
  };
  try {
    return await heaps(
      [AirlockModule.forRoot({ executor: BullMqExecutor }), AirlockBullMqModule.forRoot(bullmq)],
      catchUp,
      (sent) => catchUp(sent - BACKLOG),
    );
  } finally {
    const left = new Queue(queue, { connection: { url } });
    await left.obliterate({ force: true });
    await left.close();
  }
}

async function intoPgBoss() {
  const connectionString =
    process.env.DATABASE_URL || 'postgres://postgres@127.0.0.1:5432/postgres';
  const schema = `bench_${randomUUID().replaceAll('-', '')}`;
  const pool = new pg.Pool({ connectionString });
  const boss = new PgBoss({ connectionString, schema, schedule: false, supervise: false });
  boss.on('error', () => {});
  try {
    return await heaps(
      [AirlockModule.forRoot({ executor: PgBossExecutor }), AirlockPgBossModule.forRoot({ boss })],
      () => pool.query(`truncate ${schema}.job`),
    );
  } finally {
    await boss.stop({ graceful: false });
    await pool.query(`drop schema if exists ${schema} cascade`);
    await pool.end();
  }
}

export async function measure() {
  const ways = {
    'in process': () => heaps([AirlockModule.forRoot()]),
    'through BullMQ and back': throughRedis,
    'into pg-boss': intoPgBoss,
  };
  const rows = [];
  for (const [way, run] of Object.entries(ways)) {
    const what = `memory: ${EFFECTS.toLocaleString('en')} effects ${way}`;
    rows.push(row(what, 'a tenth of them', await run(), atMost(1.1)));
  }
  return rows;
}
