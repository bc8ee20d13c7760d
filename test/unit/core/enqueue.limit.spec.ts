import { BufferLimitError, enqueue, enqueueWith, type EffectScope, runInScope } from 'nestjs-airlock';
import { AirlockRuntime } from '../../../lib/core/airlock-runtime.js';
import { checkAfterEach, errorOf, send, sent, texts } from './fixtures.js';

checkAfterEach();

function limited<R>(limit: number, work: (scope: EffectScope) => R): Promise<Awaited<R>> {
  return new AirlockRuntime({ maxEffectsPerScope: limit }).run({ name: 'import' }, work);
}

describe('when a buffer is full', () => {
  it('refuses the call with the effect, the scope and the limit, and loses nothing', async () => {
    await limited(2, async (scope) => {
      enqueue(send, 'a');
      enqueue(send, 'b');
      const error = await errorOf<BufferLimitError>(() => enqueue(send, 'c'));
      expect(error).toBeInstanceOf(BufferLimitError);
      expect(error).toMatchObject({ code: 'AIRLOCK_BUFFER_LIMIT', effect: 'send', scope: 'import', limit: 2 });
      expect(error.message).toBe(
        'Effect "send" was refused: scope "import" already holds 2 intents, its limit. What is buffered is kept. ' +
          'Let some out with `scope.checkpoint()`, split the work over several scopes, or raise `maxEffectsPerScope`.',
      );
      expect(texts(scope.intents)).toEqual(['a', 'b']);
    });
    expect(sent).toEqual(['a', 'b']);
  });

  it('counts captured intents', async () => {
    await limited(3, async () => {
      await runInScope(() => {
        enqueue(send, 'a');
        enqueue(send, 'b');
      });
      enqueue(send, 'c');
      expect(await errorOf(() => enqueue(send, 'd'))).toBeInstanceOf(BufferLimitError);
    });
    expect(sent).toEqual(['a', 'b', 'c']);
  });

  it('loses nothing that a nested scope hands over beyond the limit, and refuses further calls', async () => {
    await limited(2, async (scope) => {
      enqueue(send, 'a');
      await runInScope(() => {
        enqueue(send, 'b');
        enqueue(send, 'c');
      });
      expect(texts(scope.intents)).toEqual(['a', 'b', 'c']);
      expect(await errorOf(() => enqueue(send, 'd'))).toBeInstanceOf(BufferLimitError);
    });
    expect(sent).toEqual(['a', 'b', 'c']);
  });

  it('holds for each nested scope by itself', async () => {
    await limited(1, async () => {
      enqueue(send, 'a');
      await runInScope({ name: 'inner' }, async () => {
        enqueue(send, 'b');
        expect(await errorOf(() => enqueue(send, 'c'))).toMatchObject({ scope: 'inner' });
      });
    });
    expect(sent).toEqual(['a', 'b']);
  });

  it('has room again after a checkpoint', async () => {
    await limited(1, async (scope) => {
      enqueue(send, 'a');
      await scope.checkpoint();
      enqueue(send, 'b');
      expect(await errorOf(() => enqueue(send, 'c'))).toBeInstanceOf(BufferLimitError);
    });
    expect(sent).toEqual(['a', 'b']);
  });

  it('does not refuse a call that collapses into one already there', async () => {
    await limited(1, () => {
      enqueueWith({ dedupeKey: 'key' }, send, 'a');
      enqueueWith({ dedupeKey: 'key' }, send, 'b');
    });
    expect(sent).toEqual(['a']);
  });

  it('holds for what an effect enqueues', async () => {
    let refused: unknown;
    await limited(1, () =>
      enqueue(async () => {
        enqueue(send, 'cascade');
        refused = await errorOf(() => enqueue(send, 'too much'));
      }),
    );
    expect(refused).toBeInstanceOf(BufferLimitError);
    expect(sent).toEqual(['cascade']);
  });
});

describe('when nothing is said about the limit', () => {
  it('is 100000 intents', async () => {
    await runInScope({ shouldFlush: () => false }, async (scope) => {
      for (let i = 0; i < 100_000; i++) enqueue(send, 'a');
      expect(await errorOf(() => enqueue(send, 'a'))).toMatchObject({ code: 'AIRLOCK_BUFFER_LIMIT', limit: 100_000 });
      expect(scope.intents).toHaveLength(100_000);
    });
  });
});
