// Frames against no frames: what a call costs inside one, and what they add to a real transaction
// on PostgreSQL.
import { enqueue, trackTransactions, openFrame, runInScope } from 'nestjs-airlock';
import pg from 'pg';
import { atMost, ratioOf, row } from './ratios.mjs';

let sink = 0;
const effect = (n) => {
  sink += n;
};

const plain = (count) =>
  runInScope(() => {
    for (let i = 0; i < count; i++) enqueue(effect, i);
  });

const framed = (count) =>
  runInScope(async () => {
    const frame = openFrame();
    frame.run(() => {
      for (let i = 0; i < count; i++) enqueue(effect, i);
    });
    await frame.commit();
  });

/** Nanoseconds an effect. */
async function timePerEffect(work, count, repetitions = 300) {
  const start = process.hrtime.bigint();
  for (let i = 0; i < repetitions; i++) await work(count);
  return Number(process.hrtime.bigint() - start) / repetitions / count;
}

/** A transaction of three statements, as a client of one's own would run it. */
const bareOn = (client) => async (callback) => {
  await client.query('begin');
  try {
    const value = await callback(client);
    await client.query('commit');
    return value;
  } catch (error) {
    await client.query('rollback');
    throw error;
  }
};

async function threeStatements(client) {
  await client.query('insert into bench_frames values (1)');
  await client.query('update bench_frames set n = n + 1');
  await client.query('delete from bench_frames');
}

async function timePerTransaction(transaction, repetitions = 300) {
  const start = process.hrtime.bigint();
  for (let i = 0; i < repetitions; i++) await transaction(threeStatements);
  return Number(process.hrtime.bigint() - start) / repetitions;
}

export async function measure(rounds) {
  const [inFrame, outside] = [[], []];
  for (let i = -3; i < rounds * 3; i++) {
    const a = await timePerEffect(framed, 1_000);
    const b = await timePerEffect(plain, 1_000);
    if (i < 0) continue;
    inFrame.push(a);
    outside.push(b);
  }
  const client = new pg.Client({
    connectionString: process.env.DATABASE_URL ?? 'postgres://postgres@127.0.0.1:5432/postgres',
  });
  await client.connect();
  await client.query('create temporary table bench_frames (n int)');
  const bare = bareOn(client);
  const kept = trackTransactions(bare, () => openFrame());
  const [mine, peers] = [[], []];
  for (let i = -2; i < rounds * 4; i++) {
    const a = await timePerTransaction(kept);
    const b = await timePerTransaction(bare);
    if (i < 0) continue;
    mine.push(a);
    peers.push(b);
  }
  await client.end();
  return [
    row(
      'transactions: an effect called in one',
      'one called in none',
      ratioOf(inFrame, outside),
      atMost(1.5),
    ),
    row(
      'transactions: three statements on PostgreSQL, frame kept',
      'without frames',
      ratioOf(mine, peers),
      atMost(1.03),
    ),
  ];
}
