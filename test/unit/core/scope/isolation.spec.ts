import { setImmediate, setTimeout } from 'node:timers/promises';
import {
  BlockTasks,
  currentScope,
  enqueue,
  openScope,
  runInScope,
  withPolicy,
} from 'nestjs-airlock';
import { AirlockRuntime } from '../../../../lib/core/runtime.js';
import { checkAfterEach, errorOf, fail, recorder, send, sent, texts } from '../fixtures.js';

checkAfterEach();

/** An application with an outbox of its own. */
function application(): { runtime: AirlockRuntime; out: string[] } {
  const out: string[] = [];
  return { runtime: new AirlockRuntime({ executor: recorder(out) }), out };
}

describe('when two applications live in one process', () => {
  it('gives each its own scopes only', async () => {
    const [a, b] = [application(), application()];
    await a.runtime.run({ name: 'a' }, async () => {
      expect(b.runtime.opened).toBeUndefined();
      expect(await errorOf(() => b.runtime.enqueue({}, send, ['stray']))).toMatchObject({
        code: 'AIRLOCK_NO_SCOPE',
      });
      a.runtime.enqueue({}, send, ['mine']);
    });
    expect([a.out, b.out]).toEqual([['mine'], []]);
  });

  it('keeps both buffers apart where the scope of one runs inside that of the other', async () => {
    const [a, b] = [application(), application()];
    await a.runtime.run({ name: 'a' }, async (outer) => {
      await b.runtime.run({ name: 'b' }, async (inner) => {
        expect(inner.parent).toBeUndefined();
        a.runtime.enqueue({}, send, ['for a']);
        b.runtime.enqueue({}, send, ['for b']);
        expect([texts(outer.intents), texts(inner.intents)]).toEqual([['for a'], ['for b']]);
      });
      expect([a.out, b.out]).toEqual([[], ['for b']]);
    });
    expect([a.out, b.out]).toEqual([['for a'], ['for b']]);
  });

  it('finds its own scope again through several of the other', async () => {
    const [a, b] = [application(), application()];
    await a.runtime.run({}, (outer) =>
      b.runtime.run({}, () =>
        a.runtime.run({}, (inner) =>
          b.runtime.run({}, () => {
            expect(inner.parent?.id).toBe(outer.id);
            a.runtime.enqueue({}, send, ['innermost']);
            expect(texts(inner.intents)).toEqual(['innermost']);
          }),
        ),
      ),
    );
    expect(a.out).toEqual(['innermost']);
  });

  it('gives free functions the innermost scope of any', async () => {
    const [a, b] = [application(), application()];
    await a.runtime.run({ name: 'a' }, async () => {
      await b.runtime.run({ name: 'b' }, () => {
        expect(currentScope()?.name).toBe('b');
        enqueue(send, 'inner');
      });
      expect(currentScope()?.name).toBe('a');
      enqueue(send, 'outer');
    });
    expect([a.out, b.out]).toEqual([['outer'], ['inner']]);
  });

  it('loses nothing of the outer one where the inner one fails', async () => {
    const [a, b] = [application(), application()];
    await a.runtime.run({}, async () => {
      await errorOf(() =>
        b.runtime.run({}, () => {
          a.runtime.enqueue({}, send, ['for a']);
          b.runtime.enqueue({}, send, ['for b']);
          fail('b');
        }),
      );
    });
    expect([a.out, b.out]).toEqual([['for a'], []]);
  });

  it('applies the policies of each to its own effects only', async () => {
    const strict = new AirlockRuntime({ policy: { allows: () => false } });
    const free = application();
    await strict.run({}, () =>
      free.runtime.run({}, () => {
        strict.enqueue({}, send, ['dropped']);
        free.runtime.enqueue({}, send, ['free']);
      }),
    );
    expect([sent, free.out]).toEqual([[], ['free']]);
  });

  it('lets an effect of the inner one call into the open scope of the outer one', async () => {
    const a = application();
    const b = new AirlockRuntime();
    await a.runtime.run({}, async (outer) => {
      await b.run({}, () => b.enqueue({}, () => a.runtime.enqueue({}, send, ['from b']), []));
      expect(texts(outer.intents)).toEqual(['from b']);
    });
    expect(a.out).toEqual(['from b']);
  });
});

describe('when runInScope is called outside any application', () => {
  it('makes each call an application of its own', async () => {
    const first = openScope();
    const second = openScope();
    first.run(() => enqueue(send, 'first'));
    second.run(() => enqueue(send, 'second'));
    expect([texts(first.intents), texts(second.intents)]).toEqual([['first'], ['second']]);
    await first.end('failed');
    await second.end('completed');
    expect(sent).toEqual(['second']);
  });
});

describe('when withPolicy is called outside any scope and application', () => {
  const blocked = new BlockTasks(['blocked']);

  /**
   * Enqueues one that the policy of the application forbids, one that `blocked` forbids, and one
   * that is free.
   */
  function threeIn(runtime: AirlockRuntime): Promise<void> {
    return runtime.run({}, () => {
      for (const name of ['strict', 'blocked', 'free']) runtime.enqueue({ name }, send, [name]);
    });
  }
  const strict = (): AirlockRuntime => new AirlockRuntime({ policy: new BlockTasks(['strict']) });

  it("drops in an application's scope opened inside it what it forbids, besides what the application forbids", async () => {
    await withPolicy(blocked, () => threeIn(strict()));
    expect(sent).toEqual(['free']);
  });

  it('holds for the scopes of every application in it, also after an await', async () => {
    await withPolicy(blocked, async () => {
      await setImmediate();
      for (const runtime of [strict(), new AirlockRuntime()]) await threeIn(runtime);
    });
    expect(sent).toEqual(['free', 'strict', 'free']);
  });

  it('adds up with the ones around it and with one that the application itself calls', async () => {
    const runtime = new AirlockRuntime();
    await withPolicy(blocked, () =>
      withPolicy(new BlockTasks(['strict']), () =>
        runtime.withPolicy(new BlockTasks(['own']), () =>
          runtime.run({}, () => {
            for (const name of ['blocked', 'strict', 'own', 'free'])
              runtime.enqueue({ name }, send, [name]);
          }),
        ),
      ),
    );
    expect(sent).toEqual(['free']);
  });

  it('asks its policy as one further out than those of the scope, and further in than those of the application', async () => {
    const asked: string[] = [];
    const named = (name: string) => ({ allows: () => asked.push(name) > 0 });
    const runtime = new AirlockRuntime({ policy: named('application') });
    await withPolicy(named('withPolicy'), () =>
      runtime.run({ policy: named('scope') }, () => enqueue(send, 'a')),
    );
    expect(asked).toEqual(['scope', 'withPolicy', 'application']);
  });

  it('holds for what an application lets out although it is called outside a scope', () => {
    const runtime = new AirlockRuntime({ outsideScope: 'dispatch' });
    withPolicy(blocked, () => {
      for (const name of ['blocked', 'free']) runtime.enqueue({ name }, send, [name]);
    });
    expect(sent).toEqual(['free']);
  });

  it('leaves the scopes of an application alone that are opened after it', async () => {
    const runtime = strict();
    await withPolicy(blocked, () => threeIn(runtime));
    await threeIn(runtime);
    expect(sent).toEqual(['free', 'blocked', 'free']);
  });

  it('binds every application in it, one inside the other and inside a free scope', async () => {
    const [a, b] = [strict(), strict()];
    await withPolicy(blocked, () => a.run({}, () => runInScope(() => threeIn(b))));
    await withPolicy(blocked, () => runInScope(() => threeIn(b)));
    expect(sent).toEqual(['free', 'free']);
  });

  it('leaves alone a scope that was opened before it', async () => {
    const runtime = strict();
    const before = runtime.open();
    withPolicy(blocked, () =>
      before.run(() => runtime.enqueue({ name: 'blocked' }, send, ['blocked'])),
    );
    await before.end('completed');
    expect(sent).toEqual(['blocked']);
  });
});

describe('when 200 units of work run interleaved', () => {
  /** A pause whose length differs from unit to unit, yet is the same in every run. */
  const pause = (n: number): Promise<void> => (n % 3 === 0 ? setTimeout(n % 7) : setImmediate());

  async function unit(
    n: number,
    run: (work: () => Promise<void>) => Promise<unknown>,
  ): Promise<void> {
    await run(async () => {
      enqueue(send, `${n}:1`);
      await pause(n);
      await runInScope(async () => {
        enqueue(send, `${n}:2`);
        await pause(n + 1);
        enqueue(send, `${n}:3`);
      });
      await pause(n + 2);
      enqueue(send, `${n}:4`);
      expect(texts(currentScope()!.intents)).toEqual([1, 2, 3, 4].map((i) => `${n}:${i}`));
      if (n % 5 === 0) fail(`unit ${n}`);
    });
  }

  function expectUnmixed(): void {
    for (let n = 0; n < 200; n++) {
      expect(sent.filter((text) => text.startsWith(`${n}:`))).toEqual(
        n % 5 === 0 ? [] : [1, 2, 3, 4].map((i) => `${n}:${i}`),
      );
    }
    expect(sent).toHaveLength(640);
  }

  it('mixes none of one application', async () => {
    const runtime = new AirlockRuntime();
    const ends = await Promise.allSettled(
      Array.from({ length: 200 }, (_, n) => unit(n, (work) => runtime.run({}, work))),
    );
    expect(ends.filter(({ status }) => status === 'rejected')).toEqual(
      Array.from({ length: 40 }, (_, i) => ({
        status: 'rejected',
        reason: new Error(`unit ${i * 5}`),
      })),
    );
    expectUnmixed();
    expect(await runtime.shutdown(0)).toEqual([]);
  });

  it('mixes none of as many applications', async () => {
    const ends = await Promise.allSettled(
      Array.from({ length: 200 }, (_, n) => unit(n, (work) => runInScope(work))),
    );
    expect(ends.filter(({ status }) => status === 'rejected')).toHaveLength(40);
    expectUnmixed();
  });
});
