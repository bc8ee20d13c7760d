import {
  AirlockOptionsError,
  DropAll,
  enqueue,
  enqueueWith,
  type Intent,
  openScope,
  runInScope,
  type ScopeOptions,
} from 'nestjs-airlock';
import { checkAfterEach, errorOf, fail, send, sent, texts } from '../fixtures.js';

checkAfterEach();

type Choose = NonNullable<ScopeOptions['beforeDescendantFlushes']>;

const bySend =
  (...wanted: string[]): Choose =>
  (_, intents) =>
    intents.filter((intent) => wanted.includes(String(intent.args[0])));

const inner = (...list: string[]): Promise<void> =>
  runInScope({ name: 'inner' }, () => list.forEach((text) => enqueue(send, text)));

describe('when beforeDescendantFlushes chooses some intents', () => {
  it('lets those out at once and captures the rest, in order', async () => {
    await runInScope({ beforeDescendantFlushes: bySend('b', 'd') }, async (outer) => {
      await inner('a', 'b', 'c', 'd');
      expect(sent).toEqual(['b', 'd']);
      expect(texts(outer.capturedIntents)).toEqual(['a', 'c']);
    });
    expect(sent).toEqual(['b', 'd', 'a', 'c']);
  });

  it('keeps first in first out whatever order they are returned in', async () => {
    await runInScope(
      { beforeDescendantFlushes: (_, intents) => [...intents].reverse() },
      async () => {
        await inner('a', 'b', 'c');
        expect(sent).toEqual(['a', 'b', 'c']);
      },
    );
  });

  it('captures all for an empty list', async () => {
    await runInScope({ beforeDescendantFlushes: () => [] }, async (outer) => {
      await inner('a', 'b');
      expect(sent).toEqual([]);
      expect(texts(outer.intents)).toEqual(['a', 'b']);
    });
    expect(sent).toEqual(['a', 'b']);
  });

  it('still applies the policies of every enclosing scope', async () => {
    await runInScope({ policy: DropAll, beforeDescendantFlushes: (_, intents) => intents }, () =>
      inner('a'),
    );
    expect(sent).toEqual([]);
  });

  it('reports what went out and what was captured to the one who ends the nested scope', async () => {
    await runInScope({ beforeDescendantFlushes: bySend('a') }, async () => {
      const scope = openScope();
      scope.run(() => ['a', 'b'].forEach((text) => enqueue(send, text)));
      scope.close();
      const report = await scope.flush();
      expect([texts(report.dispatched), texts(report.captured)]).toEqual([['a'], ['b']]);
    });
  });
});

describe('when beforeDescendantFlushes is asked', () => {
  it('is given the ending scope and a list that cannot be changed', async () => {
    const asked: unknown[] = [];
    const ask: Choose = (exiting, intents) => {
      asked.push([exiting.name, texts(intents), Object.isFrozen(intents)]);
      return [];
    };
    await runInScope({ beforeDescendantFlushes: ask }, () => inner('a'));
    expect(asked).toEqual([['inner', ['a'], true]]);
  });

  it('is not asked for a scope that hands nothing over', async () => {
    await runInScope({ beforeDescendantFlushes: () => fail('asked') as never }, async () => {
      await inner();
      await errorOf(() => runInScope(() => (enqueue(send, 'lost'), fail('inner'))));
    });
    expect(sent).toEqual([]);
  });

  it('is not offered what waits for the failure of the asking scope, which goes out only with that', async () => {
    const offered: unknown[] = [];
    const work = runInScope(
      { beforeDescendantFlushes: (_, intents) => (offered.push(...texts(intents)), intents) },
      async () => {
        await runInScope(() => {
          enqueueWith({ on: 'failure' }, send, 'failure');
          enqueue(send, 'ordinary');
        });
        expect(sent).toEqual(['ordinary']);
        fail('outer');
      },
    );
    await errorOf(() => work);
    expect(offered).toEqual(['ordinary']);
    expect(sent).toEqual(['ordinary', 'failure']);
  });

  it('asks every enclosing scope, the innermost first, and each may hold back', async () => {
    const options = { name: 'root', beforeDescendantFlushes: bySend('a') };
    await runInScope(options, async (root) => {
      await runInScope({ beforeDescendantFlushes: bySend('a', 'b') }, async (middle) => {
        await inner('a', 'b', 'c');
        expect(sent).toEqual(['a']);
        expect(texts(middle.intents)).toEqual(['c']);
        expect(texts(root.intents)).toEqual(['b']);
      });
    });
    expect(sent).toEqual(['a', 'b', 'c']);
  });
});

describe.each<[string, Choose]>([
  ['an intent twice', (_, [first]) => [first!, first!]],
  ['an intent of another scope', (exiting) => exiting.parent!.intents],
  ['something that is no intent', (_, intents) => [...intents, 'c' as unknown as Intent]],
  ['a hole', (_, intents) => [...intents, undefined as unknown as Intent]],
  ['no array', (_, intents) => new Set(intents) as unknown as Intent[]],
  ['a Promise', ((_: unknown, intents: unknown) => Promise.resolve(intents)) as unknown as Choose],
  ['nothing', (() => undefined) as unknown as Choose],
  ['null', (() => null) as unknown as Choose],
])('when beforeDescendantFlushes returns %s', (_, choose) => {
  it('refuses with an error that names both scopes, and keeps every intent', async () => {
    await runInScope({ name: 'outer', beforeDescendantFlushes: choose }, async (outer) => {
      enqueue(send, 'own');
      const error = await errorOf<AirlockOptionsError>(() => inner('a', 'b'));
      expect(error).toBeInstanceOf(AirlockOptionsError);
      expect(error).toMatchObject({ code: 'AIRLOCK_OPTIONS', key: 'beforeDescendantFlushes' });
      expect(error.message).toBe(
        'Expected `beforeDescendantFlushes` of scope "outer" to return some of the intents it was given, each once, ' +
          'for scope "inner". All of them are kept for "outer"; return `[]` to keep them, or `intents` to let all out.',
      );
      expect(sent).toEqual([]);
      expect(texts(outer.intents)).toEqual(['own', 'a', 'b']);
    });
    expect(sent).toEqual(['own', 'a', 'b']);
  });
});

describe('when beforeDescendantFlushes throws', () => {
  it('passes its error on and keeps every intent', async () => {
    await runInScope({ beforeDescendantFlushes: () => fail('hook') as never }, async (outer) => {
      expect(await errorOf(() => inner('a', 'b'))).toEqual(new Error('hook'));
      expect(texts(outer.intents)).toEqual(['a', 'b']);
    });
    expect(sent).toEqual(['a', 'b']);
  });

  it('keeps what the inner hook let through for the scope whose hook threw', async () => {
    await runInScope(
      { name: 'root', beforeDescendantFlushes: () => fail('hook') as never },
      async (root) => {
        await errorOf(() =>
          runInScope({ beforeDescendantFlushes: bySend('a') }, async (middle) => {
            expect(await errorOf(() => inner('a', 'b'))).toEqual(new Error('hook'));
            expect(texts(root.intents)).toEqual(['a']);
            expect(texts(middle.intents)).toEqual(['b']);
          }),
        );
        expect(texts(root.intents)).toEqual(['a', 'b']);
      },
    );
    expect(sent).toEqual(['a', 'b']);
  });
});
