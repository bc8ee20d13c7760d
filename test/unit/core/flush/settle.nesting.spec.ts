import { currentScope, enqueue, openScope, runInScope } from 'nestjs-airlock';
import { AirlockRuntime } from '../../../../lib/core/runtime.js';
import { checkAfterEach, errorOf, fail, send, sent, texts } from '../fixtures.js';

checkAfterEach();

describe('when a nested scope completes', () => {
  it('hands its whole buffer to its parent, where it waits in the order of the hand-over', async () => {
    await runInScope(async (outer) => {
      enqueue(send, 'a');
      await runInScope(async () => {
        enqueue(send, 'b');
        enqueue(send, 'c');
      });
      enqueue(send, 'd');
      expect(sent).toEqual([]);
      expect(texts(outer.intents)).toEqual(['a', 'b', 'c', 'd']);
    });
    expect(sent).toEqual(['a', 'b', 'c', 'd']);
  });

  it('places its intents where it ends, not where it began', async () => {
    await runInScope(async (outer) => {
      const inner = openScope();
      inner.run(() => enqueue(send, 'inner'));
      outer.run(() => enqueue(send, 'outer'));
      await inner.end('completed');
    });
    expect(sent).toEqual(['outer', 'inner']);
  });

  it('is flushed although nothing went out yet, and reports what it handed over as captured', async () => {
    await runInScope(async () => {
      const inner = openScope();
      inner.run(() => enqueue(send, 'a'));
      inner.close();
      const report = await inner.flush();
      expect(inner.state).toBe('flushed');
      expect(texts(report.captured)).toEqual(['a']);
      expect(report).toMatchObject({ dispatched: [], dropped: [], failed: [], deferred: [] });
      expect(inner.intents).toEqual([]);
      expect(sent).toEqual([]);
    });
  });

  it('tells own from captured intents, also over several levels', async () => {
    await runInScope(async (outer) => {
      enqueue(send, 'own 1');
      await runInScope(async (middle) => {
        enqueue(send, 'middle');
        await runInScope(() => enqueue(send, 'inner'));
        expect(texts(middle.ownIntents)).toEqual(['middle']);
        expect(texts(middle.capturedIntents)).toEqual(['inner']);
      });
      enqueue(send, 'own 2');
      expect(texts(outer.ownIntents)).toEqual(['own 1', 'own 2']);
      expect(texts(outer.capturedIntents)).toEqual(['middle', 'inner']);
      expect(texts(outer.intents)).toEqual(['own 1', 'middle', 'inner', 'own 2']);
    });
  });

  it('is lost with its parent if that fails later', async () => {
    await errorOf(() =>
      runInScope(async () => {
        await runInScope(() => enqueue(send, 'inner'));
        fail('outer');
      }),
    );
    expect(sent).toEqual([]);
  });
});

describe('when a nested scope fails', () => {
  it('loses only its own buffer, and the caller may go on', async () => {
    await runInScope(async (outer) => {
      enqueue(send, 'a');
      await runInScope(() => enqueue(send, 'sibling'));
      const error = await errorOf(() =>
        runInScope(async () => {
          enqueue(send, 'lost');
          await runInScope(() => enqueue(send, 'lost as well'));
          fail('inner');
        }),
      );
      expect(error).toEqual(new Error('inner'));
      expect(texts(outer.intents)).toEqual(['a', 'sibling']);
    });
    expect(sent).toEqual(['a', 'sibling']);
  });

  it('loses nothing of its parent if it is discarded by hand, and gives back what it threw away', async () => {
    await runInScope(async () => {
      enqueue(send, 'a');
      const inner = openScope();
      inner.run(() => enqueue(send, 'lost'));
      inner.close();
      const thrownAway = inner.discard();
      expect(texts(thrownAway)).toEqual(['lost']);
      expect(Object.isFrozen(thrownAway)).toBe(true);
      expect(inner.state).toBe('discarded');
      expect(inner.intents).toEqual([]);
    });
    expect(sent).toEqual(['a']);
  });
});

describe('when scopes nest', () => {
  it('shows each its own parent, and the outer scope again after the inner one', async () => {
    await runInScope({ name: 'outer' }, async (outer) => {
      await runInScope({ name: 'inner' }, (inner) => {
        expect(inner.parent).toMatchObject({ id: outer.id, name: 'outer' });
        expect(currentScope()).toMatchObject({ id: inner.id, parent: { id: outer.id } });
      });
      expect(currentScope()?.id).toBe(outer.id);
      expect(outer.parent).toBeUndefined();
    });
    expect(currentScope()).toBeUndefined();
  });

  it('lets an executor of the inner scope keep its intents after capture', async () => {
    await runInScope(
      { executor: (intent) => void sent.push(`outer ${String(intent.args[0])}`) },
      async () => {
        await runInScope(
          { executor: (intent) => void sent.push(`inner ${String(intent.args[0])}`) },
          () => enqueue(send, 'a'),
        );
        await runInScope(() => enqueue(send, 'b'));
      },
    );
    expect(sent).toEqual(['inner a', 'outer b']);
  });

  it('keeps siblings that run at the same time apart', async () => {
    await runInScope(async (outer) => {
      const one = openScope();
      const two = openScope();
      one.run(() => enqueue(send, 'one'));
      two.run(() => enqueue(send, 'two'));
      expect([texts(one.intents), texts(two.intents), texts(outer.intents)]).toEqual([
        ['one'],
        ['two'],
        [],
      ]);
      await two.end('completed');
      await one.end('failed');
    });
    expect(sent).toEqual(['two']);
  });

  it('takes what a nested scope hands over after the parent was closed', async () => {
    const outer = openScope();
    const inner = outer.run(() => openScope());
    inner.run(() => enqueue(send, 'inner'));
    outer.close();
    await inner.end('completed');
    expect(texts(outer.capturedIntents)).toEqual(['inner']);
    await outer.flush();
    expect(sent).toEqual(['inner']);
  });
});

describe('when a nested scope hands over more than a call takes arguments', () => {
  it('loses none', async () => {
    const runtime = new AirlockRuntime();
    const scope = runtime.open();
    const child = (): void => {
      for (let i = 0; i < 80_000; i++) runtime.enqueue({}, send, ['a']);
    };
    await scope.run(() =>
      runtime.run({}, async () => {
        await runtime.run({}, child);
        await runtime.run({}, child);
      }),
    );
    expect((await scope.end('completed')).dispatched).toHaveLength(160_000);
  });
});
