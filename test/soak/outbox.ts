// Effects are written to an outbox, handed over and removed; then its table is empty, its files are
// as small as in the beginning, and the process keeps nothing of them.
import 'reflect-metadata';
import { setTimeout as sleep } from 'node:timers/promises';
import { runInNewContext } from 'node:vm';
import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  AirlockModule,
  AirlockService,
  type DispatchResult,
  type Executor,
  type Intent,
  SideEffect,
} from 'nestjs-airlock';
import { AirlockOutboxModule, OutboxExecutor } from 'nestjs-airlock/outbox';
import { Pool } from 'pg';
import { freshDatabaseOn } from '../integrations/pg/fresh-database.js';
import { PgTransaction } from '../integrations/pg/pg.adapter.js';

/** Largest number of effects between two runs of VACUUM, which the server does once a minute. */
const LARGEST_PART = 20_000;
const PER_TRANSACTION = 50;
const AT_A_TIME = 4;
/** What the engine makes of code that runs often, which has an end. */
const NOISE = 4_000_000;
/**
 * How many times the first part's files later ones may have: what one removes is free only after
 * the next VACUUM. Ten parts of which a quarter stayed would have more.
 */
const ROOM = 3;

const effects = Number(process.env['SOAK_EFFECTS'] ?? 1_000_000);
const server = process.env['DATABASE_URL'] || 'postgres://postgres@127.0.0.1:5432/postgres';
const part = Math.min(LARGEST_PART, effects / 10);
console.log(`SOAK_EFFECTS=${effects}`);

/** An engine that takes everything at once. */
class Taker implements Executor {
  readonly remote = true;
  taken = 0;

  execute(): void {
    this.taken++;
  }

  async executeBatch(intents: readonly Intent[]): Promise<readonly DispatchResult[]> {
    this.taken += intents.length;
    return intents.map((intent) => ({ intent }));
  }
}

@Injectable()
class Mail {
  @SideEffect()
  async send(_to: string, _text: string): Promise<void> {}
}

// One of its own: what others have begun in a database keeps its vacuum from removing rows.
const database = await freshDatabaseOn(server);
const pool = new Pool({ connectionString: database.url });
const transaction = PgTransaction.in(pool);
const taker = new Taker();

@Module({
  imports: [
    AirlockModule.forRoot({ executor: OutboxExecutor }),
    AirlockOutboxModule.forRoot({
      dialect: 'postgres',
      connection: pool,
      executor: taker,
      createTable: true,
    }),
  ],
  providers: [Mail],
})
class SoakModule {}

const app = await NestFactory.createApplicationContext(SoakModule, { logger: ['error'] });
const [airlock, mail] = [app.get(AirlockService), app.get(Mail)];
const gc = runInNewContext('gc') as () => void;

async function number(sql: string): Promise<number> {
  const { rows } = await pool.query<{ n: string }>(sql);
  return Number(rows[0]!.n);
}

const rows = (): Promise<number> => number('select count(*) as n from airlock_outbox');
const size = (): Promise<number> => number(`select pg_total_relation_size('airlock_outbox') as n`);

async function send(count: number): Promise<void> {
  let left = count;
  const customer = async (): Promise<void> => {
    while (left > 0) {
      const some = Math.min(left, PER_TRANSACTION);
      left -= some;
      await airlock.run(() =>
        transaction(async () => {
          for (let i = 0; i < some; i++)
            await mail.send('ada@example.com', 'Your order is on its way');
        }),
      );
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, customer));
}

/** What is done is removed behind the hand-over. */
async function rest(): Promise<number> {
  const end = Date.now() + 30_000;
  while ((await rows()) > 0 && Date.now() < end) await sleep(20);
  let heap = Infinity;
  for (let i = 0; i < 4; i++) {
    await sleep(10);
    gc();
    heap = Math.min(heap, process.memoryUsage().heapUsed);
  }
  return heap;
}

const startedAt = performance.now();
const sizes: number[] = [];
const heaps: number[] = [];
for (let sent = 0; sent < effects; sent += part) {
  await send(part);
  heaps.push(await rest());
  sizes.push(await size());
  await pool.query('vacuum airlock_outbox');
}
const seconds = (performance.now() - startedAt) / 1_000;
const [left, emptied] = [await rows(), await size()];
await app.close();
await pool.end();
await database.drop();

const kB = (bytes: number): string => `${Math.round(bytes / 1_000)} kB`;
const largest = Math.max(...sizes.slice(1));
// The first parts warm the process up.
const growth = Math.max(0, Math.min(...heaps.slice(-3)) - Math.min(...heaps.slice(1, 4)));
console.log(`${Math.round(effects / seconds)} effects a second, ${sizes.length} parts`);
console.log(
  `outbox: ${taker.taken} effects, ${left} rows left, table ${kB(sizes[0]!)} after the first part, ${kB(largest)} at most later, ${kB(emptied)} in the end, heap grown by ${kB(growth)}`,
);
const isRight =
  taker.taken === effects && left === 0 && largest <= ROOM * sizes[0]! && growth <= NOISE;
process.exitCode = isRight ? 0 : 1;
