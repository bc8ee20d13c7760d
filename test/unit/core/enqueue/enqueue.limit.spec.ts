import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import {
  type AirlockMessage,
  BufferLimitError,
  enqueue,
  enqueueWith,
  type EffectScope,
  type FlushReport,
  openFrame,
  runInScope,
} from 'nestjs-airlock';
import { AirlockRuntime } from '../../../../lib/core/runtime.js';
import { Attempt } from '../../../../lib/core/scope/attempt.js';
import { checkAfterEach, errorOf, fail, send, sent, texts } from '../fixtures.js';

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
      expect(error).toMatchObject({
        code: 'AIRLOCK_BUFFER_LIMIT',
        effect: 'send',
        scope: 'import',
        limit: 2,
      });
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

  describe('and a call repeats a buffered one under the same key', () => {
    const once = { dedupeKey: 'key' };

    it('drops it at once, as a duplicate', async () => {
      const dropped: unknown[] = [];
      const listen = (message: unknown): void => {
        const { intent, reason } = message as AirlockMessage;
        dropped.push([intent!.args[0], reason]);
      };
      subscribe('airlock:drop', listen);
      await limited(1, (scope) => {
        for (const text of ['a', 'b', 'c']) enqueueWith(once, send, text);
        expect(texts(scope.intents)).toEqual(['a']);
      });
      unsubscribe('airlock:drop', listen);
      expect(sent).toEqual(['a']);
      expect(dropped).toEqual([
        ['b', 'duplicate'],
        ['c', 'duplicate'],
      ]);
    });

    const frame = openFrame();
    const inFrame = (work: () => void): void => frame.run(work);
    afterAll(() => frame.commit());

    it.each<[string, () => void, () => void]>([
      [
        'a policy may drop the first',
        () => enqueueWith({ ...once, policy: { allows: () => true } }, send, 'a'),
        () => enqueueWith(once, send, 'b'),
      ],
      [
        'it waits for another outcome',
        () => enqueueWith({ ...once, on: 'failure' }, send, 'a'),
        () => enqueueWith(once, send, 'b'),
      ],
      [
        'a rollback may take the first alone',
        () => inFrame(() => enqueueWith(once, send, 'a')),
        () => enqueueWith(once, send, 'b'),
      ],
      [
        'its key is another',
        () => enqueueWith(once, send, 'a'),
        () => enqueueWith({ dedupeKey: 'another' }, send, 'b'),
      ],
    ])('refuses it where %s', async (_, first, second) => {
      await limited(1, async () => {
        first();
        expect(await errorOf(second)).toBeInstanceOf(BufferLimitError);
      });
    });

    it('refuses it once the first has been taken out and others fill the buffer', async () => {
      await limited(1, async (scope) => {
        enqueueWith(once, send, 'a');
        enqueueWith(once, send, 'b');
        await scope.checkpoint();
        enqueue(send, 'c');
        expect(await errorOf(() => enqueueWith(once, send, 'd'))).toBeInstanceOf(BufferLimitError);
      });
      expect(sent).toEqual(['a', 'c']);
    });

    it('takes a loop of any length', async () => {
      await limited(1000, (scope) => {
        for (let i = 0; i < 200_000; i++) enqueueWith(once, send, 'a');
        expect(scope.intents).toHaveLength(1000);
      });
      expect(sent).toEqual(['a']);
    });
  });

  describe('and holds what an abandoned attempt has called', () => {
    const runtime = new AirlockRuntime({ maxEffectsPerScope: 2 });
    const attempted = (...calls: (() => void)[]): Attempt => {
      const attempt = new Attempt(runtime.context, undefined);
      attempt.run(() => calls.forEach((call) => call()));
      return attempt;
    };
    const call =
      (text: string, options = {}) =>
      (): void =>
        enqueueWith(options, send, text);
    const retried = ({ dropped }: FlushReport): unknown[] =>
      dropped.map(({ intent, reason }) => [intent.args[0], reason]);

    it.each<[string, object]>([
      ['', {}],
      [', also to calls under a key', { dedupeKey: 'key' }],
    ])('gives its room to the next one, and tells of each drop once%s', async (_, options) => {
      const told: unknown[] = [];
      const listen = (message: unknown): void =>
        void told.push((message as AirlockMessage).intent!.args[0]);
      subscribe('airlock:drop', listen);
      const scope = runtime.open();
      await scope.run(async () => {
        attempted(call('a'), call('b')).abandon();
        attempted(call('c', options), call('d', { ...options, dedupeKey: undefined }));
        expect(texts(scope.intents)).toEqual(['c', 'd']);
        expect(await errorOf(call('e'))).toBeInstanceOf(BufferLimitError);
      });
      scope.close();
      const report = await scope.flush();
      unsubscribe('airlock:drop', listen);
      expect({ sent, told, dropped: retried(report) }).toEqual({
        sent: ['c', 'd'],
        told: ['a', 'b'],
        dropped: [
          ['a', 'retry'],
          ['b', 'retry'],
        ],
      });
    });

    it('tells of the drops where nothing else is left, and at a checkpoint', async () => {
      const scope = runtime.open();
      const refusing = { policy: { onEnqueue: () => fail('no') } };
      const fill = async (): Promise<void> => {
        attempted(call('a'), call('b')).abandon();
        expect((await errorOf(call('c', refusing))).message).toBe('no');
      };
      await scope.run(fill);
      expect(retried(await scope.checkpoint())).toHaveLength(2);
      await scope.run(fill);
      scope.close();
      expect(retried(await scope.flush())).toHaveLength(2);
    });
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
      expect(await errorOf(() => enqueue(send, 'a'))).toMatchObject({
        code: 'AIRLOCK_BUFFER_LIMIT',
        limit: 100_000,
      });
      expect(scope.intents).toHaveLength(100_000);
    });
  });
});
