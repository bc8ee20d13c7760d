// The core against the least that could do the job: an array of closures, called in order.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { enqueue, openScope, runInScope } from 'nestjs-airlock';
import { atMost, ratioOf, row } from './ratios.mjs';

let sink = 0;
const effect = (n) => {
  sink += n;
};

function closures(count) {
  const queue = [];
  for (let i = 0; i < count; i++) queue.push(() => effect(i));
  for (const run of queue) run();
}

function airlock(count) {
  return runInScope(() => {
    for (let i = 0; i < count; i++) enqueue(effect, i);
  });
}

/** Nanoseconds an effect, over as many repetitions as make about a million effects. */
async function timePerEffect(work, count) {
  const repetitions = Math.max(1, Math.round(1_000_000 / count));
  const start = process.hrtime.bigint();
  for (let i = 0; i < repetitions; i++) await work(count);
  return Number(process.hrtime.bigint() - start) / repetitions / count;
}

/** Bytes that stay while `count` intents are buffered, less what their arguments take. */
function bytesPerIntent(count) {
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc');
  const scope = openScope();
  const args = Array.from({ length: count }, (_, i) => [i]);
  gc();
  const before = process.memoryUsage().heapUsed;
  scope.run(() => {
    for (let i = 0; i < count; i++) enqueue(effect, i);
  });
  gc();
  const buffered = process.memoryUsage().heapUsed - before;
  const copies = args.map(([i]) => [i]);
  gc();
  const argumentBytes = process.memoryUsage().heapUsed - before - buffered;
  if (copies.length !== scope.intents.length) throw new Error('Not everything was buffered');
  scope.close();
  scope.discard();
  return (buffered - argumentBytes) / count;
}

export async function measure(rounds) {
  const sizes = [10, 100, 1_000, 10_000, 100_000];
  for (let i = 0; i < 6; i++) {
    for (const size of sizes) {
      await timePerEffect(airlock, size);
      await timePerEffect(closures, size);
    }
  }

  const [mine, peers] = [[], []];
  const bySize = new Map(sizes.map((size) => [size, []]));
  for (let i = 0; i < rounds * 3; i++) {
    mine.push(await timePerEffect(airlock, 1_000));
    peers.push(await timePerEffect(closures, 1_000));
    for (const size of sizes) bySize.get(size).push(await timePerEffect(airlock, size));
  }
  const bytes = bytesPerIntent(50_000);
  return [
    row(
      'core: enqueue and flush 1,000 effects',
      '1,000 closures on an array',
      ratioOf(mine, peers),
      atMost(4),
    ),
    ...sizes
      .filter((size) => size !== 1_000)
      .map((size) =>
        row(
          `core: cost of one of ${size.toLocaleString('en')} effects`,
          'one of 1,000',
          ratioOf(bySize.get(size), bySize.get(1_000)),
        ),
      ),
    row(
      'core: bytes kept a buffered intent',
      '200 bytes',
      { ratio: bytes / 200, low: bytes / 200, high: bytes / 200 },
      atMost(1),
    ),
  ];
}
