// BullMQ behind the outbox against BullMQ alone, in transactions of PostgreSQL (DATABASE_URL) and
// to the same Redis (REDIS_URL).
import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Queue } from 'bullmq';
import {
  AirlockModule,
  AirlockService,
  openFrame,
  SideEffect,
  trackTransactions,
} from 'nestjs-airlock';
import { AirlockBullMqModule, BullMqExecutor } from 'nestjs-airlock/bullmq';
import { AirlockOutboxModule, OutboxExecutor } from 'nestjs-airlock/outbox';
import pg from 'pg';
import { atLeast, atMost, ratioOf, row } from './ratios.mjs';

const redisUrl = process.env.REDIS_URL || 'redis://127.0.0.1:6379';
const connectionString = process.env.DATABASE_URL || 'postgres://postgres@127.0.0.1:5432/postgres';
const EFFECTS = 1_000;
const REQUESTS = 200;
/** Requests of one way in a row: short, for what else a machine does to meet both ways. */
const TURN = 10;

class Mail {
  async send(_order) {}
}
const send = Object.getOwnPropertyDescriptor(Mail.prototype, 'send');
SideEffect()(Mail.prototype, 'send', send);
Object.defineProperty(Mail.prototype, 'send', send);
Injectable()(Mail);

/** A transaction of a plain pool, as the page about adapters has it. */
const transactionsOf = (pool) =>
  trackTransactions(
    async (callback) => {
      const client = await pool.connect();
      try {
        await client.query('begin');
        const value = await callback(client);
        await client.query('commit');
        return value;
      } catch (error) {
        await client.query('rollback');
        throw error;
      } finally {
        client.release();
      }
    },
    (client) =>
      openFrame({ connection: { executeSql: (text, values) => client.query(text, values) } }),
  );

async function start(queue, table, pool, executor) {
  class AppModule {}
  Module({
    imports: [
      AirlockModule.forRoot({ executor }),
      AirlockBullMqModule.forRoot({
        connection: redisUrl,
        queue,
        jobOptions: { removeOnComplete: true },
      }),
      AirlockOutboxModule.forRoot({
        dialect: 'postgres',
        connection: pool,
        executor: BullMqExecutor,
        table,
        createTable: true,
        sweepIntervalMs: false,
      }),
    ],
    providers: [Mail],
  })(AppModule);
  return NestFactory.createApplicationContext(AppModule, { logger: ['error'] });
}

async function milliseconds(work) {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}

const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];

/** @returns rows of the table that `bench/run.mjs` prints */
export async function measure(rounds) {
  const pool = new pg.Pool({ connectionString });
  const table = `bench_${randomUUID().replaceAll('-', '')}`;
  const queue = new Queue(`bench-${randomUUID()}`, { connection: { url: redisUrl } });
  const transaction = transactionsOf(pool);
  const orders = `${table}_orders`;
  const order = `insert into ${orders} (customer) values ('a customer')`;
  await pool.query(`create table ${orders} (id serial primary key, customer text not null)`);
  const apps = {
    outbox: await start(queue.name, table, pool, OutboxExecutor),
    alone: await start(queue.name, table, pool, BullMqExecutor),
  };
  await pool.query(`create table ${table}_rows (like ${table} including all)`);
  /** A row such as the outbox writes, by hand. */
  const rowByHand = (client) => {
    const [id, now] = [randomUUID(), Date.now()];
    const args = [{ id: 0, customer: 'customer 0', items: ['a book', 'a pen'] }];
    const envelope = { v: 1, id, effect: 'Mail.send', args, at: new Date().toISOString() };
    return client.query(
      `insert into ${table}_rows (id, position, effect, envelope, written_at, due_at) values ($1, $2, $3, $4, $5, $6)`,
      [id, 0, 'Mail.send', JSON.stringify(envelope), now, now + 60_000],
    );
  };
  const sending = (app, count, more = async () => {}) => {
    const [airlock, mail] = [app.get(AirlockService), app.get(Mail)];
    return () =>
      airlock.run(() =>
        transaction(async (client) => {
          await client.query(order);
          await more(client);
          for (let id = 0; id < count; id++)
            await mail.send({ id, customer: `customer ${id}`, items: ['a book', 'a pen'] });
        }),
      );
  };
  const rates = { outbox: [], alone: [] };
  const latencies = { outbox: [], statement: [], row: [] };
  for (let round = -2; round < rounds * 2; round++) {
    for (const way of round % 2 ? ['outbox', 'alone'] : ['alone', 'outbox']) {
      const rate = EFFECTS / (await milliseconds(sending(apps[way], EFFECTS)));
      if (round >= 0) rates[way].push(rate);
      await queue.obliterate({ force: true });
    }
    const ways = {
      outbox: sending(apps.outbox, 1),
      statement: sending(apps.alone, 1, (client) => client.query(order)),
      row: sending(apps.alone, 1, rowByHand),
    };
    const names = Object.keys(ways);
    const times = { outbox: [], statement: [], row: [] };
    for (let turn = 0; turn < REQUESTS / TURN; turn++) {
      for (const way of turn % 2 ? names : names.toReversed()) {
        for (let request = 0; request < TURN; request++)
          times[way].push(await milliseconds(ways[way]));
      }
    }
    for (const way of names) if (round >= 0) latencies[way].push(median(times[way]));
    await queue.obliterate({ force: true });
  }
  for (const app of Object.values(apps)) await app.close();
  const { rows } = await pool.query(`select count(*)::int as count from ${table}`);
  if (rows[0].count !== 0) throw new Error(`${rows[0].count} rows are left in the outbox.`);
  await pool.query(`drop table ${table}, ${table}_rows, ${orders}`);
  await pool.end();
  await queue.close();
  return [
    row(
      'outbox: 1,000 effects in one transaction to BullMQ',
      'without it',
      ratioOf(rates.outbox, rates.alone),
      atLeast(0.6),
    ),
    row(
      'outbox: p50 of one effect a transaction',
      'one insert more',
      ratioOf(latencies.outbox, latencies.statement),
      atMost(1.1),
    ),
    row(
      'outbox: p50 of one effect a transaction, its row',
      'written by hand, and kept',
      ratioOf(latencies.outbox, latencies.row),
    ),
  ];
}
