import { AsyncResource } from 'node:async_hooks';
import { enqueue, type EffectScope } from 'nestjs-airlock';
import { AirlockRuntime } from '../../../../lib/core/runtime.js';
import { contexts } from '../../../../lib/core/scope/context.js';
import { refused } from '../../../../lib/core/outside/refused-call.js';
import { setImmediate } from 'node:timers/promises';
import { checkAfterEach, errorOf, fail, send, sendSlowly, sent } from '../fixtures.js';

checkAfterEach();

const reported: unknown[] = [];
const unhandled: unknown[] = [];
const onUnhandled = (error: unknown): void => void unhandled.push(error);
const runtime = new AirlockRuntime({ logError: (error) => void reported.push(error) });

beforeEach(() => {
  reported.length = 0;
  unhandled.length = 0;
  process.on('unhandledRejection', onUnhandled);
});
afterEach(async () => {
  await setImmediate();
  process.off('unhandledRejection', onUnhandled);
  if (unhandled.length > 0) throw new Error('Unhandled rejections', { cause: unhandled });
});

/** A call that is refused, as a `@SideEffect()` method makes it. */
function refuse(message = 'refused'): Promise<void> {
  return refused(new Error(message), contexts.getStore());
}

const REFUSED = new Error('refused');

describe('when somebody listens to a refused call', () => {
  it.each<[string, () => unknown]>([
    ['catch', () => refuse().catch(() => {})],
    ['then with two handlers', () => refuse().then(undefined, () => {})],
    [
      'then and catch',
      () =>
        refuse()
          .then(() => fail('unreached'))
          .catch(() => {}),
    ],
    [
      'finally and catch',
      () =>
        refuse()
          .finally(() => {})
          .catch(() => {}),
    ],
    ['await', async () => errorOf(async () => await refuse())],
    [
      'a forgotten function that awaits and is caught',
      () => void (async () => await refuse())().catch(() => {}),
    ],
    [
      'a forgotten function that returns it and is caught',
      () => void (async () => refuse())().catch(() => {}),
    ],
    ['Promise.allSettled', () => Promise.allSettled([refuse(), refuse()])],
    ['a forgotten Promise.allSettled', () => void Promise.allSettled([refuse()])],
    ['Promise.race', () => errorOf(() => Promise.race([refuse(), refuse()]))],
    ['expect', () => expect(refuse()).rejects.toThrow('refused')],
  ])('the scope is none the worse: %s', async (_, listen) => {
    await runtime.run({}, async () => {
      enqueue(send, 'a');
      await listen();
    });
    expect({ sent, reported }).toEqual({ sent: ['a'], reported: [] });
  });

  it('they get the error, and what they derive is an ordinary Promise', async () => {
    await runtime.run({}, async () => {
      const listened = refuse().catch((error: unknown) => error);
      expect(listened.constructor).toBe(Promise);
      expect(await listened).toEqual(REFUSED);
      const order: string[] = [];
      await errorOf(() => refuse().finally(() => void order.push('finally')));
      expect(order).toEqual(['finally']);
    });
  });
});

describe('when nobody listens to a refused call', () => {
  it.each<[string, () => unknown]>([
    ['void', () => void refuse()],
    ['then without a handler of errors', () => void refuse().then(() => {})],
    ['finally', () => void refuse().finally(() => {})],
    [
      'finally of then',
      () =>
        void refuse()
          .then(() => {})
          .finally(() => {}),
    ],
  ])('the scope fails with its error: %s', async (_, forget) => {
    const work = async (): Promise<void> => {
      enqueue(send, 'lost');
      forget();
      await setImmediate();
    };
    expect(await errorOf(() => runtime.run({}, work))).toEqual(REFUSED);
    expect({ sent, reported }).toEqual({ sent: [], reported: [] });
  });

  it('the scope fails where its work is synchronous, and lets out what is for failure', async () => {
    const work = (scope: EffectScope): string => {
      runtime.enqueue({ on: 'failure' }, send, ['alarm']);
      runtime.enqueue({}, send, ['lost']);
      void refuse();
      return scope.id;
    };
    expect(await errorOf(() => runtime.run({ name: 'job' }, work))).toEqual(REFUSED);
    expect(sent).toEqual(['alarm']);
  });

  it('the first of several is the error, and the others are reported', async () => {
    const work = (): void => ['1', '2', '3'].forEach((message) => void refuse(message));
    expect(await errorOf(() => runtime.run({}, work))).toEqual(new Error('1'));
    expect(reported).toEqual([new Error('2'), new Error('3')]);
  });

  it('an error of the work itself wins, and the refusal is reported', async () => {
    const work = (): void => (void refuse(), fail('work'));
    expect((await errorOf(() => runtime.run({}, work))).message).toBe('work');
    expect(reported).toEqual([REFUSED]);
  });

  it.each<['end' | 'flush']>([['end'], ['flush']])(
    'a scope that is ended by hand rejects its %s',
    async (how) => {
      const scope = runtime.open();
      scope.run(() => (enqueue(send, 'lost'), void refuse()));
      if (how === 'flush') scope.close();
      expect(await errorOf(() => (how === 'end' ? scope.end('completed') : scope.flush()))).toEqual(
        REFUSED,
      );
      expect(scope.state).toBe('discarded');
      expect(sent).toEqual([]);
    },
  );

  it('a scope that is discarded by hand reports it', () => {
    const scope = runtime.open();
    scope.run(() => void refuse());
    scope.close();
    scope.discard();
    expect(reported).toEqual([REFUSED]);
  });

  it('a nested scope fails alone', async () => {
    await runtime.run({}, async () => {
      enqueue(send, 'outer');
      const inner = runtime.run({}, () => (enqueue(send, 'inner'), void refuse()));
      expect(await errorOf(() => inner)).toEqual(REFUSED);
    });
    expect(sent).toEqual(['outer']);
  });

  it.each<[string, () => unknown]>([
    ['at once', () => (enqueue(send, 'lost'), void refuse())],
    ['later', async () => (enqueue(send, 'lost'), void refuse(), setImmediate())],
  ])('an effect fails that ends %s', async (_, effect) => {
    const error = await errorOf<{ failures?: unknown }>(() =>
      runtime.run({}, () => {
        // The unit of an effect is made at its first call.
        runtime.enqueue({ name: 'effect' }, effect, []);
      }),
    );
    expect(error).toMatchObject({ code: 'AIRLOCK_DISPATCH', failures: [{ error: REFUSED }] });
    expect(sent).toEqual([]);
  });

  it('a policy refuses that is asked at the call', async () => {
    const policy = { onEnqueue: () => void refuse() };
    await runtime.run({ policy }, async () => {
      expect(await errorOf(() => enqueue(send, 'a'))).toEqual(REFUSED);
    });
    expect(sent).toEqual([]);
  });

  it.each<[string, () => boolean | Promise<boolean>]>([
    ['at once', () => (void refuse(), true)],
    ['later', async () => (void refuse(), true)],
  ])('a policy that answers %s lets nothing out', async (_, allows) => {
    const error = await errorOf<{ failures?: unknown }>(() =>
      runtime.run({ policy: { allows } }, () => enqueue(send, 'a')),
    );
    expect(error).toMatchObject({ code: 'AIRLOCK_DISPATCH', failures: [{ error: REFUSED }] });
    expect(sent).toEqual([]);
  });

  it('what a policy does after its answer is reported', async () => {
    const afterwards = async (): Promise<void> => {
      await Promise.resolve();
      void refuse();
      await refuse().catch(() => {});
    };
    await runtime.run({ policy: { allows: () => (void afterwards(), true) } }, () =>
      enqueue(sendSlowly, 'a'),
    );
    await setImmediate();
    expect({ sent, reported }).toEqual({ sent: ['a begins', 'a ends'], reported: [REFUSED] });
  });
});

describe('when no scope is open at a refused call', () => {
  it('is reported where nobody listens', async () => {
    const scope = runtime.open();
    const late = scope.run(() => AsyncResource.bind(() => void refuse()));
    await scope.end('completed');
    late();
    await setImmediate();
    expect(reported).toEqual([REFUSED]);
  });

  it('is not reported where somebody does', async () => {
    const log = jest.spyOn(console, 'error');
    await errorOf(async () => await refuse());
    await errorOf(() => refuse());
    void (async () => refuse())().catch(() => {});
    await setImmediate();
    expect({ reported, logged: log.mock.calls }).toEqual({ reported: [], logged: [] });
    log.mockRestore();
  });
});
