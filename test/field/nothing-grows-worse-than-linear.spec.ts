import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import {
  AllowAll,
  BlockTasks,
  currentEffect,
  currentScope,
  enqueue,
  enqueueWith,
  type Executor,
  openFrame,
  runInScope,
  withPolicy,
} from 'nestjs-airlock';
import { copyPlain } from '../../lib/core/enqueue/copy-plain.js';
import { copyArguments } from '../../lib/core/enqueue/serialization.js';

function nothing(): void {}
function nothingOf(value: unknown): void {
  void value;
}

/** Calls itself `depth` times, each within `around`, and `inside` at the end. */
async function nested(
  depth: number,
  around: (next: () => Promise<void>) => unknown,
  inside = nothing,
): Promise<void> {
  if (depth === 0) return inside();
  await around(async () => {
    // A stack of its own: what is nested is the asynchronous context.
    await Promise.resolve();
    await nested(depth - 1, around, inside);
  });
}

/** Starts itself anew from a timer, as a poller does, each time within `around`. */
async function again(rounds: number, around: (next: () => void) => unknown): Promise<void> {
  await new Promise<void>((resolve) => {
    let left = rounds;
    const tick = (): void => {
      if (left-- === 0) resolve();
      else around(() => void global.setImmediate(tick));
    };
    tick();
  });
}

function deep(depth: number): unknown {
  let value: unknown = 'x'.repeat(1_000_000);
  for (let i = 0; i < depth; i++) value = { value };
  return value;
}

const policy = new BlockTasks(['no such effect']);
const fresh = (): BlockTasks => new BlockTasks(['no such effect']);
const remote: Executor = { execute: nothing, remote: true };

const cases: Readonly<
  Record<string, { readonly n: number; work: (this: void, n: number) => unknown }>
> = {
  'scopes in scopes': { n: 1_500, work: (n) => nested(n, (next) => runInScope(next)) },
  'scopes in scopes, each with an effect': {
    n: 750,
    work: (n) => nested(n, (next) => runInScope(() => (enqueue(nothing), next()))),
  },
  'scopes in scopes, each under a policy of its own': {
    n: 750,
    work: (n) =>
      nested(
        n,
        (next) => runInScope({ policy: fresh() }, next),
        () => enqueue(nothing),
      ),
  },
  'a policy in itself': {
    n: 1_500,
    work: (n) =>
      runInScope(() =>
        nested(
          n,
          (next) => withPolicy(policy, next),
          () => enqueue(nothing),
        ),
      ),
  },
  'policies in policies': {
    n: 1_500,
    work: (n) =>
      runInScope(() =>
        nested(
          n,
          (next) => withPolicy(fresh(), next),
          () => enqueue(nothing),
        ),
      ),
  },
  'currentEffect in scopes under policies': {
    n: 750,
    work: (n) =>
      nested(n, (next) => runInScope(() => (currentEffect(), withPolicy(fresh(), next)))),
  },
  'calls while the transaction of a helper is open': {
    n: 25_000,
    work: (n) =>
      runInScope(async () => {
        const frame = await (async () => {
          await Promise.resolve();
          const begun = openFrame();
          begun.enter();
          return begun;
        })();
        for (let i = 0; i < n; i++) enqueue(nothing);
        frame.leave();
        frame.rollBack();
      }),
  },
  'a policy that a timer puts around itself again': {
    n: 2_000,
    work: (n) => again(n, (next) => withPolicy(policy, next)),
  },
  'a policy that a timer puts around a scope again': {
    n: 1_000,
    work: (n) =>
      again(n, (next) =>
        withPolicy(policy, () => (next(), void runInScope(() => enqueue(nothing)))),
      ),
  },
  'a scope that a timer opens again': {
    n: 2_000,
    work: (n) => again(n, (next) => void runInScope(next)),
  },
  'policies of one effect': {
    n: 1_000,
    work: (n) =>
      runInScope(async () => {
        enqueueWith(
          { policy: Array.from({ length: n }, () => ({ allows: async () => true })) },
          nothing,
        );
        await currentScope()!.intents[0]!.passesLocalPolicies();
      }),
  },
  'calls of one scope': {
    n: 5_000,
    work: (n) => runInScope(() => Array.from({ length: n }, () => enqueue(nothing))),
  },
  'calls under keys': {
    n: 2_000,
    work: (n) =>
      runInScope(() =>
        Array.from({ length: n }, (_, i) => enqueueWith({ dedupeKey: `${i}` }, nothing)),
      ),
  },
  'transactions of one scope': {
    n: 1_000,
    work: (n) =>
      runInScope(async () => {
        for (let i = 0; i < n; i++) {
          const transaction = openFrame();
          transaction.run(() => enqueue(nothing));
          await transaction.beforeCommit();
          if (i % 2 === 0) transaction.rollBack();
          else await transaction.commit();
        }
      }),
  },
  'depth of an argument that is copied': { n: 4_000, work: (n) => copyPlain([deep(n)]) },
  'depth of an argument that leaves the process': {
    n: 400,
    work: (n) => copyArguments('effect', [deep(n)]),
  },
  'length of an argument that leaves the process': {
    n: 10_000,
    work: (n) =>
      runInScope({ executor: remote }, () =>
        enqueue(
          nothingOf,
          Array.from({ length: n }, (_, i) => ({ i })),
        ),
      ),
  },
};

/** Of the processor, in milliseconds: others use the machine too. */
async function costOf(work: () => unknown): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}

describe('when there is four times as much of something', () => {
  it.each(Object.entries(cases))(
    'takes no more than in proportion: %s',
    async (_name, { n, work }) => {
      await work(n);
      let once = Infinity;
      let fourTimes = Infinity;
      // In proportion it is 4, squared 16. The best of several counts, for garbage is collected at
      // any time.
      for (let i = 0; i < 6; i++) {
        once = Math.min(once, await costOf(() => work(n)));
        fourTimes = Math.min(fourTimes, await costOf(() => work(4 * n)));
        if (fourTimes <= 9 * once + 10) break;
      }
      expect(fourTimes).toBeLessThanOrEqual(9 * once + 10);
    },
    60_000,
  );
});

describe('when a timer puts a policy around itself again and again', () => {
  async function heap(): Promise<number> {
    setFlagsFromString('--expose-gc');
    const gc = runInNewContext('gc') as () => void;
    for (let i = 0; i < 3; i++) {
      await setImmediate();
      gc();
    }
    return process.memoryUsage().heapUsed;
  }

  it.each<[string, (next: () => void) => unknown]>([
    ['a policy', (next) => withPolicy(policy, next)],
    ['a class of one', (next) => withPolicy(AllowAll, next)],
    ['two policies', (next) => withPolicy(policy, () => withPolicy(AllowAll, next))],
    [
      'a policy, in what a scope has left behind',
      (next) => void runInScope(() => withPolicy(policy, next)),
    ],
    [
      'a policy around a scope',
      (next) => withPolicy(policy, () => (next(), void runInScope(() => enqueue(nothing)))),
    ],
  ])('keeps nothing of the rounds before: %s', async (_name, around) => {
    await again(500, around);
    const before = await heap();
    await again(6_000, around);
    const after = await heap();
    expect(after - before).toBeLessThan(2_000_000);
  });

  it('asks it once about each effect', async () => {
    const asked = jest.fn(() => true);
    const counting = { allows: asked };
    await runInScope(() =>
      withPolicy(counting, () => withPolicy(counting, () => enqueue(nothing))),
    );
    expect(asked).toHaveBeenCalledTimes(1);
  });
});
