import { setImmediate } from 'node:timers/promises';
import {
  type EffectScope,
  enqueue,
  enqueueWith,
  LimitPerFlush,
  openScope,
  runInScope,
  ScopeStateError,
} from 'nestjs-airlock';
import { checkAfterEach, errorOf, fail, send, sendSlowly, sent, texts } from '../fixtures.js';

checkAfterEach();

describe('when a root scope is checkpointed', () => {
  it('lets out what is buffered so far, goes on, and lets out the rest at the end', async () => {
    await runInScope(async (scope) => {
      enqueue(send, 'a');
      const report = await scope.checkpoint();
      expect(texts(report.dispatched)).toEqual(['a']);
      expect(sent).toEqual(['a']);
      expect(scope).toMatchObject({ state: 'open', intents: [] });
      enqueue(send, 'b');
      expect(sent).toEqual(['a']);
    });
    expect(sent).toEqual(['a', 'b']);
  });

  it('keeps what went out although the work fails later', async () => {
    const work = runInScope(async (scope) => {
      enqueue(send, 'a');
      await scope.checkpoint();
      enqueue(send, 'b');
      fail('late');
    });
    await expect(work).rejects.toThrow('late');
    expect(sent).toEqual(['a']);
  });

  it('keeps the intents for failure until the outcome is known, and lets out those for always', async () => {
    const work = runInScope(async (scope) => {
      enqueueWith({ on: 'failure' }, send, 'failure');
      enqueueWith({ on: 'always' }, send, 'always');
      await scope.checkpoint();
      expect(sent).toEqual(['always']);
      expect(texts(scope.intents)).toEqual(['failure']);
      fail('late');
    });
    await expect(work).rejects.toThrow('late');
    expect(sent).toEqual(['always', 'failure']);
  });

  it('resolves to a report that names the failures, and throws nothing', async () => {
    const error = await runInScope(async (scope) => {
      enqueue(fail, 'broken');
      const report = await scope.checkpoint();
      return report.failed.map((failure) => (failure.error as Error).message);
    });
    expect(error).toEqual(['broken']);
  });

  it('lets out what nested scopes have handed over', async () => {
    await runInScope(async (scope) => {
      await runInScope(() => enqueue(send, 'inner'));
      await scope.checkpoint();
      expect(sent).toEqual(['inner']);
    });
  });

  it('counts as a flush of its own for LimitPerFlush', async () => {
    await runInScope({ policy: new LimitPerFlush(1) }, async (scope) => {
      enqueue(send, 'a');
      enqueue(send, 'b');
      await scope.checkpoint();
      enqueue(send, 'c');
    });
    expect(sent).toEqual(['a', 'c']);
  });
});

describe('when checkpoints overlap', () => {
  it('lets out one after the other, in the order of the calls', async () => {
    await runInScope(async (scope) => {
      enqueue(sendSlowly, 'a');
      const first = scope.checkpoint();
      enqueue(sendSlowly, 'b');
      const second = scope.checkpoint();
      enqueue(sendSlowly, 'c');
      await Promise.all([first, second]);
    });
    expect(sent).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends']);
  });

  it('gives each the report of its own intents', async () => {
    await runInScope(async (scope) => {
      enqueue(sendSlowly, 'a');
      const first = scope.checkpoint();
      enqueue(sendSlowly, 'b');
      const [one, two] = await Promise.all([first, scope.checkpoint()]);
      expect(texts(one.dispatched)).toEqual(['a']);
      expect(texts(two.dispatched)).toEqual(['b']);
    });
  });

  it('lets the flush at the end wait for one that nobody awaits', async () => {
    await runInScope((scope) => {
      enqueue(sendSlowly, 'a');
      void scope.checkpoint();
      enqueue(send, 'b');
    });
    expect(sent).toEqual(['a begins', 'a ends', 'b']);
  });

  it('waits for one that nobody awaits although nothing else is left to flush', async () => {
    await runInScope((scope) => {
      enqueue(sendSlowly, 'a');
      void scope.checkpoint();
    });
    expect(sent).toEqual(['a begins', 'a ends']);
  });

  it('takes calls made meanwhile for the next one', async () => {
    await runInScope(async (scope) => {
      enqueue(sendSlowly, 'a');
      const running = scope.checkpoint();
      await setImmediate();
      enqueue(send, 'b');
      await running;
      expect(texts(scope.intents)).toEqual(['b']);
    });
    expect(sent).toEqual(['a begins', 'a ends', 'b']);
  });
});

describe('when a nested scope is checkpointed', () => {
  it('refuses, names both scopes and keeps the buffer', async () => {
    await runInScope({ name: 'outer' }, async () => {
      await runInScope({ name: 'inner' }, async (scope) => {
        enqueue(send, 'a');
        const error = await errorOf<ScopeStateError>(() => scope.checkpoint());
        expect(error).toBeInstanceOf(ScopeStateError);
        expect(error).toMatchObject({ code: 'AIRLOCK_SCOPE_STATE', scope: 'inner', state: 'open' });
        expect(error.message).toBe(
          'Scope "inner" is nested in "outer", which decides about its intents. Call `checkpoint()` on the outermost scope.',
        );
        expect(texts(scope.intents)).toEqual(['a']);
      });
    });
    expect(sent).toEqual(['a']);
  });
});

describe('when a scope that takes no more calls is checkpointed', () => {
  it('refuses and says in which state it is', async () => {
    const scope = openScope({ name: 'job' });
    scope.close();
    const error = await errorOf(() => scope.checkpoint());
    expect(error).toBeInstanceOf(ScopeStateError);
    expect(error.message).toBe(
      'Scope "job" cannot be checkpointed: it is closed. It takes no more calls.',
    );
    await scope.flush();
    expect((await errorOf(() => scope.checkpoint())).message).toBe(
      'Scope "job" cannot be checkpointed: it is flushed. A scope ends once.',
    );
  });
});

describe('when an effect asks for the end of the scope that is letting it out', () => {
  it.each<[string, (scope: EffectScope) => Promise<unknown>]>([
    ['checkpoint', (scope) => scope.checkpoint()],
    ['end', (scope) => scope.end('completed')],
    [
      'flush',
      async (scope) => {
        if (scope.state === 'open') scope.close();
        return scope.flush();
      },
    ],
  ])('refuses %s(), for which it would wait for ever, also in a cascade', async (method, ask) => {
    const scope = openScope({ name: 'import' });
    const errors: ScopeStateError[] = [];
    const effect = async (): Promise<void> => {
      await setImmediate();
      errors.push(await errorOf(() => ask(scope)));
    };
    scope.run(() => {
      enqueue(effect);
      enqueue(() => enqueue(effect));
    });
    const report = await scope.checkpoint();
    expect(report.dispatched).toHaveLength(3);
    expect(errors.map(({ message }) => message.slice(0, message.indexOf(':')))).toEqual(
      Array(2).fill(
        `\`${method}()\` of scope "import" was called in an effect that this scope is letting out`,
      ),
    );
    await (scope.state === 'open' ? scope.end('completed') : scope.flush());
  });

  it('lets what an effect has left behind do so, once the effect is over', async () => {
    const scope = openScope();
    let later: Promise<unknown>;
    scope.run(() => enqueue(() => void (later = setImmediate().then(() => scope.checkpoint()))));
    await scope.checkpoint();
    await expect(later!).resolves.toBeDefined();
    await scope.end('completed');
  });
});
