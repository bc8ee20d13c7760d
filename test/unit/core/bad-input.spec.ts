import {
  AirlockError,
  AirlockOptionsError,
  defer,
  type EffectScope,
  enqueue,
  type EnqueueOptions,
  enqueueWith,
  NoScopeError,
  openScope,
  type Policy,
  type PolicyRef,
  runInScope,
  type ScopeOptions,
  ScopeStateError,
  withPolicy,
} from 'nestjs-airlock';
import { AirlockRuntime } from '../../../lib/core/runtime.js';
import { checkAfterEach, errorOf, send, sent, texts } from './fixtures.js';

checkAfterEach();

class NeedsArguments implements Policy {
  constructor(readonly limit: number) {}
  allows(): boolean {
    return this.limit > 0;
  }
}

const needsArguments = NeedsArguments as unknown as PolicyRef;

describe.each<[string, () => void, string]>([
  ['enqueue', () => enqueue(send, 'a'), 'send'],
  ['enqueueWith', () => enqueueWith({ name: 'Mail.send' }, send, 'a'), 'Mail.send'],
  ['defer', () => defer({ send }).send('a'), 'send'],
  ['enqueue within withPolicy', () => withPolicy({}, () => enqueue(send, 'a')), 'send'],
])('when an effect is called by %s outside a scope', (_, call, effect) => {
  it('is refused with the effect and the ways to fix it', async () => {
    const error = await errorOf(call);
    expect(error).toBeInstanceOf(NoScopeError);
    expect(error).toMatchObject({ name: 'NoScopeError', code: 'AIRLOCK_NO_SCOPE', effect });
    expect(error.message).toBe(
      `Effect "${effect}" was called outside a scope, so nothing decides when it may get out. ` +
        'No application with `AirlockModule` runs in this process. In a unit test wrap the work in `captureEffects(...)` of `nestjs-airlock/testing`, ' +
        'or call its `captureInEveryTest()` in a set-up file; in a script wrap it in `runInScope(...)`; in an application import `AirlockModule.forRoot()` into its root module.',
    );
    expect(sent).toEqual([]);
  });
});

describe('when what is enqueued is no function', () => {
  it.each<[unknown, string]>([
    [undefined, '`undefined`'],
    [null, '`null`'],
    ['send', '`send` (string)'],
    [{ secret: 'token' }, 'an object (Object)'],
    [[send], 'an object (array)'],
    [Promise.resolve(), 'an object (Promise)'],
  ])('is refused for %p, inside a scope and outside', async (effect, shown) => {
    const call = (): void => enqueue(effect as () => void);
    for (const work of [
      call,
      () => runInScope(call),
      () => runInScope(() => enqueueWith({}, effect as () => void)),
    ]) {
      const error = await errorOf(work);
      expect(error).toBeInstanceOf(AirlockOptionsError);
      expect(error).toMatchObject({ code: 'AIRLOCK_OPTIONS', key: 'effect' });
      expect(error.message).toBe(`Expected \`effect\` to be a function, got ${shown}.`);
    }
  });
});

describe('when enqueueWith names an executor that is not known', () => {
  it('is refused with the known ones, and buffers nothing', async () => {
    const runtime = new AirlockRuntime({ executors: { mail: () => {}, jobs: () => {} } });
    await runtime.run({}, async (scope) => {
      const error = await errorOf(() => enqueueWith({ executor: 'mial' }, send, 'a'));
      expect(error).toBeInstanceOf(AirlockOptionsError);
      expect(error).toMatchObject({ code: 'AIRLOCK_OPTIONS', key: 'executor' });
      expect(error.message).toBe(
        'No executor is named "mial". Known executors: mail, jobs, in-process. Add it to `executors`, or fix the name.',
      );
      expect(scope.intents).toEqual([]);
    });
  });

  it('knows the one that runs effects in this process, unless the application has another of that name', async () => {
    const sentBy: string[] = [];
    const call = (): void =>
      enqueueWith({ executor: 'in-process' }, () => void sentBy.push('the effect'));
    await new AirlockRuntime({ executor: () => {} }).run({}, call);
    await new AirlockRuntime({
      executors: { 'in-process': () => void sentBy.push('another') },
    }).run({}, call);
    expect(sentBy).toEqual(['the effect', 'another']);
  });

  it.each(['mail', 'toString', '__proto__', ''])(
    'says so where there is none at all: %p',
    async (executor) => {
      const error = await errorOf(() => runInScope(() => enqueueWith({ executor }, send, 'a')));
      expect(error.message).toBe(
        `No executor is named "${executor}". Known executors: in-process. Add it to \`executors\`, or fix the name.`,
      );
    },
  );
});

describe('when a call names a trigger that there is none of', () => {
  it.each<[unknown, string]>([
    ['sometimes', '`sometimes` (string)'],
    ['', '`` (string)'],
    [null, '`null`'],
    [true, '`true` (boolean)'],
    [['success'], 'an object (array)'],
  ])(
    'is refused where it is made, with the known ones, for %p, and buffers nothing',
    async (on, shown) => {
      const options = { on } as EnqueueOptions;
      await runInScope(async (scope) => {
        enqueue(send, 'before');
        for (const call of [
          () => enqueueWith(options, send, 'a'),
          () => enqueueWith(Object.freeze({ ...options }), send, 'a'),
          () => defer({ send }, options).send('a'),
        ]) {
          const error = await errorOf(call);
          expect(error).toBeInstanceOf(AirlockOptionsError);
          expect(error).toMatchObject({ code: 'AIRLOCK_OPTIONS', key: 'on' });
          expect(error.message).toBe(
            `Expected \`on\` to be 'success' or 'failure' or 'always', got ${shown}.`,
          );
        }
        expect(texts(scope.intents)).toEqual(['before']);
      });
      expect(sent).toEqual(['before']);
    },
  );
});

describe('when a scope is opened with options that cannot be', () => {
  it.each<[string, object, string, string]>([
    [
      'a policy class that needs arguments',
      { policy: needsArguments },
      'NeedsArguments',
      'Class `NeedsArguments` cannot be built: its constructor takes arguments and no provider of that class is known. ' +
        'Import the module that provides it, add it to the `providers` of one, or pass an instance.',
    ],
    [
      'a policy that is a name',
      { policy: 'DropAll' },
      'policy',
      'Expected `policy` to be a policy or a policy class, got `DropAll` (string).',
    ],
    [
      'a list of policies with a hole',
      { policy: [{}, undefined] },
      'policy',
      'Expected `policy` to be a policy or a policy class, got `undefined`.',
    ],
    [
      'an executor that has no execute',
      { executor: { run: send } },
      'executor',
      'Expected `executor` to be an executor, an executor class, or a function that takes an intent, got an object (Object).',
    ],
    [
      'the name of an executor that is not known',
      { executor: 'mail' },
      'executor',
      'No executor is named "mail". Known executors: in-process. Add it to `executors`, or fix the name.',
    ],
  ])('refuses %s before the work starts, and leaves no scope', async (_, options, key, message) => {
    for (const work of [
      () => runInScope(options as ScopeOptions, () => send('ran')),
      () => openScope(options),
    ]) {
      const error = await errorOf(work);
      expect(error).toBeInstanceOf(AirlockOptionsError);
      expect(error).toMatchObject({ code: 'AIRLOCK_OPTIONS', key });
      expect(error.message).toBe(message);
    }
    expect(sent).toEqual([]);
  });
});

describe('when a policy class that needs arguments is given elsewhere', () => {
  it.each<[string, () => unknown]>([
    ['withPolicy', () => withPolicy(needsArguments, () => enqueue(send, 'a'))],
    ['a call', () => enqueueWith({ policy: needsArguments }, send, 'a')],
  ])('is refused by %s, which buffers nothing', async (_, call) => {
    await runInScope(async (scope) => {
      enqueue(send, 'before');
      expect(await errorOf(call)).toMatchObject({ code: 'AIRLOCK_OPTIONS', key: 'NeedsArguments' });
      expect(texts(scope.intents)).toEqual(['before']);
    });
  });

  it('is built with no arguments where it needs none', async () => {
    let built = 0;
    class Counting implements Policy {
      constructor(readonly limit = ++built) {}
      allows(): boolean {
        return true;
      }
    }
    await runInScope({ policy: Counting }, () => {
      enqueue(send, 'a');
      enqueue(send, 'b');
    });
    expect(built).toBe(1);
    expect(sent).toEqual(['a', 'b']);
  });
});

describe('when a scope is ended in the wrong order', () => {
  const named = () => openScope({ name: 'job' });

  it.each<[string, (scope: EffectScope) => unknown]>([
    ['flushed', (scope) => scope.flush()],
    ['discarded', (scope) => scope.discard()],
  ])('refuses to be %s before it is closed, and stays open', async (becoming, end) => {
    const scope = named();
    scope.run(() => enqueue(send, 'a'));
    const error = await errorOf(() => end(scope));
    expect(error).toBeInstanceOf(ScopeStateError);
    expect(error).toMatchObject({ code: 'AIRLOCK_SCOPE_STATE', scope: 'job', state: 'open' });
    expect(error.message).toBe(
      `Scope "job" cannot be ${becoming}: it is open. Call \`close()\` first.`,
    );
    expect(texts(scope.intents)).toEqual(['a']);
    await scope.end('completed');
    expect(sent).toEqual(['a']);
  });

  it('refuses to be closed twice', async () => {
    const scope = named();
    scope.close();
    const error = await errorOf(() => scope.close());
    expect(error).toBeInstanceOf(ScopeStateError);
    expect(error.message).toBe(
      'Scope "job" cannot be closed: it is closed. It takes no more calls.',
    );
    scope.discard();
  });

  it.each<[string, string, string]>([
    ['flush', 'flush', 'flushed'],
    ['flush', 'discard', 'discarded'],
    ['flush', 'close', 'closed'],
    ['flush', 'end', 'ended'],
    ['discard', 'flush', 'flushed'],
    ['discard', 'discard', 'discarded'],
    ['discard', 'close', 'closed'],
    ['discard', 'end', 'ended'],
  ])('refuses after %s to %s', async (first, second, becoming) => {
    const scope = named();
    scope.run(() => enqueue(send, 'a'));
    scope.close();
    const call = (verb: string): unknown =>
      (scope as unknown as Record<string, (outcome: string) => unknown>)[verb]!('completed');
    await call(first);
    const before = [...sent];
    const error = await errorOf(() => call(second));
    expect(error).toBeInstanceOf(ScopeStateError);
    const state = first === 'flush' ? 'flushed' : 'discarded';
    expect(error).toMatchObject({ code: 'AIRLOCK_SCOPE_STATE', scope: 'job', state });
    expect(error.message).toBe(
      `Scope "job" cannot be ${becoming}: it is ${state}. A scope ends once.`,
    );
    expect(scope.state).toBe(state);
    expect(sent).toEqual(before);
  });

  it('lets out once where two flushes race', async () => {
    const scope = named();
    scope.run(() => enqueue(send, 'a'));
    scope.close();
    const [first, second] = await Promise.allSettled([scope.flush(), scope.flush()]);
    expect([first.status, second.status]).toEqual(['fulfilled', 'rejected']);
    expect(sent).toEqual(['a']);
  });
});

describe('when any of these is caught', () => {
  it('is an Error and an AirlockError with its own name', async () => {
    const error = await errorOf(() => enqueue(send, 'a'));
    expect(error).toBeInstanceOf(Error);
    expect(error).toBeInstanceOf(AirlockError);
    expect(String(error)).toMatch(/^NoScopeError: Effect "send"/);
  });
});
