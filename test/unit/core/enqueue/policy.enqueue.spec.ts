import { setImmediate } from 'node:timers/promises';
import {
  BlockTasks,
  currentScope,
  defer,
  type EffectScope,
  enqueue,
  enqueueWith,
  openScope,
  type Policy,
  PolicyEnqueueError,
  runInScope,
  ScopeClosedError,
  withPolicy,
} from 'nestjs-airlock';
import { AirlockRuntime } from '../../../../lib/core/runtime.js';
import { checkAfterEach, errorOf, send, sent, texts } from '../fixtures.js';

checkAfterEach();

/** A policy that does something it may not, when it is asked for intent "a". */
class Meddler implements Policy {
  error: unknown;
  constructor(private readonly meddle: () => unknown) {}
  allows(): Promise<boolean> {
    return this.try();
  }
  protected async try(): Promise<boolean> {
    try {
      await this.meddle();
    } catch (error) {
      this.error = error;
    }
    return true;
  }
}

/** The same at the call; what it returns keeps it at work. */
class WatchingMeddler {
  error: unknown;
  constructor(private readonly meddle: () => unknown) {}
  onEnqueue(): Promise<void> {
    return this.try();
  }
  private async try(): Promise<void> {
    this.error = await errorOf(this.meddle);
  }
}

async function later<R>(work: () => R): Promise<Awaited<R>> {
  await setImmediate();
  return await work();
}

const meddle = (): void => enqueue(send, 'meddled');

describe.each<[string, () => unknown]>([
  ['enqueue', meddle],
  ['enqueueWith', () => enqueueWith({ on: 'always' }, send, 'meddled')],
  ['a deferred object', () => defer({ send }).send('meddled')],
  ['withPolicy', () => withPolicy({}, meddle)],
  ['a scope it opens', () => runInScope(meddle)],
  ['a scope within a scope it opens', () => runInScope(() => runInScope(meddle))],
  [
    'a scope it opens by hand',
    () => {
      const scope = openScope();
      try {
        scope.run(meddle);
      } finally {
        scope.close();
        scope.discard();
      }
    },
  ],
  [
    'a timer',
    () =>
      new Promise((resolve, reject) =>
        setTimeout(() => void errorOf(meddle).then(reject, resolve), 1),
      ),
  ],
])('when a policy calls an effect through %s', (_, call) => {
  it.each<[string, () => unknown]>([
    ['at once', call],
    ['after an await', () => later(call)],
  ])('refuses in allows, %s', async (_when, work) => {
    const policy = new Meddler(work);
    await runInScope({ policy }, () => enqueue(send, 'a'));
    expect(policy.error).toBeInstanceOf(PolicyEnqueueError);
    expect(policy.error).toMatchObject({
      code: 'AIRLOCK_POLICY_ENQUEUE',
      policy: 'Meddler',
      effect: 'send',
    });
    expect(sent).toEqual(['a']);
  });

  it.each<[string, () => unknown]>([
    ['at once', call],
    ['after an await', () => later(call)],
  ])('refuses in onEnqueue, %s', async (_when, work) => {
    const policy = new WatchingMeddler(work);
    await runInScope({ policy }, async (scope) => {
      enqueue(send, 'a');
      // Timers run in the order of their times only as long as nothing else keeps the process busy.
      while (policy.error === undefined) await new Promise((resolve) => setTimeout(resolve, 5));
      expect(scope.intents).toHaveLength(1);
    });
    expect(policy.error).toBeInstanceOf(PolicyEnqueueError);
    expect(sent).toEqual(['a']);
  });
});

describe('when a policy that enqueues lets its error through', () => {
  it('refuses the call in onEnqueue, and buffers neither', async () => {
    class Greedy {
      onEnqueue(): void {
        enqueueWith({ name: 'Audit.write' }, send, 'meddled');
      }
    }
    await runInScope({ policy: Greedy }, async (scope) => {
      const error = await errorOf<PolicyEnqueueError>(() => enqueue(send, 'a'));
      expect(error).toBeInstanceOf(PolicyEnqueueError);
      expect(error.message).toBe(
        'Policy "Greedy" called effect "Audit.write". A policy only decides whether effects get out; move the call into a service.',
      );
      expect(scope.intents).toEqual([]);
    });
  });

  it('reports that intent as failed in allows', async () => {
    const scope = openScope({ policy: { allows: () => (meddle(), true) } });
    scope.run(() => enqueue(send, 'a'));
    scope.close();
    const report = await scope.flush();
    expect(report.failed.map(({ error }) => error)).toEqual([expect.any(PolicyEnqueueError)]);
    expect(sent).toEqual([]);
  });
});

describe('when a policy holds the handle of a scope', () => {
  it('is refused there too', async () => {
    const scopes: EffectScope[] = [];
    const policy = new Meddler(() => scopes[0]!.run(meddle));
    const held = openScope();
    scopes.push(held);
    await runInScope({ policy }, () => enqueue(send, 'a'));
    expect(policy.error).toBeInstanceOf(PolicyEnqueueError);
    expect(held.intents).toEqual([]);
    await held.end('cancelled');
  });
});

describe('when a policy belongs to another application than the scope it opens', () => {
  it('is refused there too', async () => {
    const other = new AirlockRuntime({ outsideScope: 'dispatch' });
    const policy = new Meddler(() => other.run({}, meddle));
    await runInScope({ policy }, () => enqueue(send, 'a'));
    expect(policy.error).toBeInstanceOf(PolicyEnqueueError);
    const outside = new Meddler(() => other.enqueue({}, send, ['meddled']));
    await runInScope({ policy: outside }, () => enqueue(send, 'b'));
    expect(outside.error).toBeInstanceOf(PolicyEnqueueError);
    expect(sent).toEqual(['a', 'b']);
  });
});

describe('when a policy ends the scope of the very call it is asked about', () => {
  it.each<[string, string, (scope: EffectScope) => unknown]>([
    ['closed', 'closes it', (scope) => scope.close()],
    ['flushed', 'flushes it', (scope) => (scope.close(), scope.flush())],
    ['discarded', 'discards it', (scope) => (scope.close(), scope.discard())],
    ['flushed', "ends it as 'completed'", (scope) => scope.end('completed')],
    ['discarded', "ends it as 'failed'", (scope) => scope.end('failed')],
  ])(
    'the call is late, since the scope is %s, and is not buffered where it %s',
    async (state, _, end) => {
      const policy: Policy = { onEnqueue: ({ args }) => void (args[0] === 'late' && end(scope)) };
      const reported: unknown[] = [];
      const scope = new AirlockRuntime({ logError: (one) => void reported.push(one) }).open({
        name: 'job',
        policy,
      });
      scope.run(() => {
        enqueue(send, 'in time');
        enqueueWith({ on: 'always' }, send, 'late');
      });
      const [error] = reported;
      expect(error).toBeInstanceOf(ScopeClosedError);
      expect(error).toMatchObject({ effect: 'send', scope: 'job', state });
      expect(texts(scope.intents)).toEqual(state === 'closed' ? ['in time'] : []);
      if (state === 'closed') await scope.flush();
      expect(sent).toEqual(state === 'discarded' ? [] : ['in time']);
      expect(scope.intents).toEqual([]);
    },
  );
});

describe('when a policy is done', () => {
  it('leaves code after it free to enqueue', async () => {
    const policy = {
      onEnqueue: async () => setImmediate(),
      allows: async () => (await setImmediate(), true),
    };
    await runInScope({ policy: policy as Policy }, async (scope) => {
      enqueue(send, 'a');
      enqueue(send, 'b');
      await scope.checkpoint();
      enqueue(() => enqueue(send, 'cascade'));
    });
    expect(sent).toEqual(['a', 'b', 'cascade']);
  });

  it('leaves a scope opened in what it left behind free to enqueue', async () => {
    let leftover: Promise<void> | undefined;
    const policy: Policy = {
      allows: () => {
        leftover ??= (async () => {
          await new Promise((resolve) => setTimeout(resolve, 5));
          await runInScope(() => enqueue(send, 'after the flush'));
        })();
        return true;
      },
    };
    await runInScope({ policy }, () => enqueue(send, 'a'));
    await leftover;
    expect(sent).toEqual(['a', 'after the flush']);
  });

  it('leaves a scope opened in what it left behind under the policies of the application', async () => {
    let leftover: Promise<void> | undefined;
    const runtime = new AirlockRuntime({ policy: new BlockTasks(['blocked']) });
    const policy: Policy = {
      allows: () => {
        leftover = new Promise((resolve) => setTimeout(resolve, 5)).then(() =>
          runtime.run({}, () => runtime.enqueue({ name: 'blocked' }, send, ['blocked'])),
        );
        return true;
      },
    };
    await runtime.run({ policy }, () => enqueue(send, 'a'));
    await leftover;
    expect(sent).toEqual(['a']);
  });

  it('sees no scope of its own', async () => {
    const seen: unknown[] = [];
    const look = (): boolean => (seen.push(currentScope()), true);
    await runInScope({ policy: { onEnqueue: () => void look(), allows: look } }, () =>
      enqueue(send, 'a'),
    );
    expect(seen).toEqual([undefined, undefined]);
  });
});
