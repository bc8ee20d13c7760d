// Requests of all kinds are sent to an application on Express and one on Fastify; then nothing may
// be left of them.
import 'reflect-metadata';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { runInNewContext } from 'node:vm';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Counter, SoakModule } from './app.js';
import { Clients, PATHS } from './clients.js';
import { Ledger } from './ledger.js';

const BYTES_PER_REQUEST = 20;
/** What the engine makes of code that runs often, which is no leak, and has an end. */
const NOISE = 1_500_000;
const AT_A_TIME = 24;

const requests = Number(process.env['SOAK_REQUESTS'] ?? 200_000);
let state = Number(process.env['SOAK_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
console.log(`SOAK_SEED=${state} SOAK_REQUESTS=${requests}`);

/** Below `n`; the same for the same seed. */
function dice(n: number): number {
  state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
  return Math.floor((state / 0x80000000) * n);
}

const gc = runInNewContext('gc') as () => void;
const ledger = new Ledger();
const counter = new Counter();
const apps = [];
for (const adapter of [new ExpressAdapter(), new FastifyAdapter() as never]) {
  const app = await NestFactory.create(SoakModule, adapter as ExpressAdapter, { logger: counter });
  await app.listen(0, '127.0.0.1');
  apps.push(app);
}
const servers = apps.map(
  (app) => new Clients(((app.getHttpServer() as Server).address() as AddressInfo).port),
);

/** @returns how many requests it has sent */
async function visit(): Promise<number> {
  const clients = servers[dice(servers.length)]!;
  const path = (): string => PATHS[dice(PATHS.length)]!;
  switch (dice(6)) {
    case 0:
      return (await clients.leave(path(), dice(8)), 1);
    case 1:
      return (await clients.pipeline([path(), path(), path(), path()]), 5);
    case 2:
      return (await clients.pipeline(Array.from({ length: 7 }, path), dice(7)), 8);
    default:
      return (await clients.ask(path()), 1);
  }
}

async function send(count: number): Promise<void> {
  let left = count;
  const visitor = async (): Promise<void> => {
    while (left > 0) {
      const sent = await visit();
      left -= sent;
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, visitor));
}

/** Once everything has come to an end. */
async function rest(): Promise<number> {
  const deadline = Date.now() + 10_000;
  while ((ledger.openScopes > 0 || ledger.begun > ledger.ended) && Date.now() < deadline)
    await sleep(20);
  // Timers of sockets and of what requests have left behind.
  await sleep(300);
  let heap = Infinity;
  for (let i = 0; i < 6; i++) {
    await sleep(20);
    gc();
    heap = Math.min(heap, process.memoryUsage().heapUsed);
  }
  return heap;
}

// What is compiled, cached and pooled once is no leak.
await send(Math.max(2_000, Math.min(20_000, requests / 4)));
const before = await rest();
const startedAt = performance.now();
await send(requests);
const seconds = (performance.now() - startedAt) / 1_000;
const growth = (await rest()) - before;

const figures = {
  requests,
  'open scopes': ledger.openScopes,
  'effects without an end': ledger.begun - ledger.ended,
  'bytes kept per request': Number((Math.max(0, growth) / requests).toFixed(1)),
};
const isRight =
  ledger.openScopes === 0 &&
  ledger.begun === ledger.ended &&
  growth <= BYTES_PER_REQUEST * requests + NOISE;
console.log(
  `${Math.round(requests / seconds)} requests a second, ${ledger.begun} effects, ${counter.lines} lines logged`,
);
for (const clients of servers) clients.close();
for (const app of apps) await app.close();
console.log(
  `soak: ${Object.entries(figures)
    .map(([name, figure]) => `${figure} ${name}`)
    .join(', ')}`,
);
process.exit(isRight ? 0 : 1);
