import { channel, subscribe, unsubscribe } from 'node:diagnostics_channel';
import { setImmediate } from 'node:timers/promises';
import {
  type AirlockMessage,
  enqueue,
  enqueueWith,
  type Executor,
  openScope,
  runInScope,
} from 'nestjs-airlock';
import { AirlockRuntime } from '../../../../lib/core/runtime.js';
import { errorOf, fail, send, sent } from '../fixtures.js';

const NAMES = [
  'airlock:enqueue',
  'airlock:dispatch',
  'airlock:drop',
  'airlock:fail',
  'airlock:scope',
] as const;
type ChannelName = (typeof NAMES)[number];

const heard: [string, AirlockMessage][] = [];
const listeners = NAMES.map(
  (name) =>
    [name, (message: unknown): void => void heard.push([name, message as AirlockMessage])] as const,
);

function listen(): void {
  for (const [name, listener] of listeners) subscribe(name, listener);
}

function on(name: ChannelName): AirlockMessage[] {
  return heard.flatMap(([heardOn, message]) => (heardOn === name ? [message] : []));
}

beforeEach(() => {
  heard.length = 0;
  sent.length = 0;
});
afterEach(() => listeners.forEach(([name, listener]) => unsubscribe(name, listener)));

describe('when somebody listens', () => {
  beforeEach(listen);

  it('publishes the life of an effect in order', async () => {
    await runInScope({ name: 'job' }, () => enqueue(send, 'a'));
    expect(heard.map(([name, { reason, intent }]) => [name, reason ?? intent?.name])).toEqual([
      ['airlock:scope', 'open'],
      ['airlock:enqueue', 'send'],
      ['airlock:scope', 'flushed'],
      ['airlock:dispatch', 'send'],
      ['airlock:scope', 'settled'],
    ]);
  });

  it('publishes each call with its intent and scope, at the call', async () => {
    await runInScope({ name: 'job' }, (scope) => {
      enqueue(send, 'a');
      expect(on('airlock:enqueue')).toEqual([
        { scope: expect.anything(), intent: scope.intents[0] },
      ]);
      expect(on('airlock:enqueue')[0]!.scope).toMatchObject({ id: scope.id, name: 'job' });
    });
  });

  it('publishes no call that was refused, and none on capture', async () => {
    await runInScope(async () => {
      await errorOf(() => enqueueWith({ policy: { onEnqueue: () => fail('no') } }, send, 'a'));
      enqueue(send, 'b');
      await runInScope(() => enqueue(send, 'c'));
    });
    expect(on('airlock:enqueue').map(({ intent }) => intent?.args[0])).toEqual(['b', 'c']);
  });

  it('publishes each dispatch with how long it took', async () => {
    await runInScope(() => enqueue(() => setImmediate()));
    const [message] = on('airlock:dispatch');
    expect(message).toEqual({
      intent: expect.anything(),
      scope: expect.anything(),
      durationMs: expect.any(Number),
    });
    expect(message!.durationMs).toBeGreaterThan(0);
  });

  it('publishes what a policy drops, with the policy', async () => {
    const policy = { allows: () => false };
    await runInScope({ policy }, () => enqueue(send, 'a'));
    expect(on('airlock:drop')).toEqual([
      { intent: expect.anything(), scope: expect.anything(), reason: 'policy', policy },
    ]);
    expect(on('airlock:dispatch')).toEqual([]);
  });

  it.each<[string, () => Promise<unknown>]>([
    ['outcome', () => errorOf(() => runInScope(() => (enqueue(send, 'a'), fail('work'))))],
    [
      'discarded',
      async () => {
        const scope = openScope();
        scope.run(() => enqueue(send, 'a'));
        scope.close();
        scope.discard();
      },
    ],
    [
      'failFast',
      () =>
        errorOf(() =>
          runInScope(
            { dispatchMode: 'failFast' },
            () => (enqueue(fail, 'broken'), enqueue(send, 'a')),
          ),
        ),
    ],
    [
      'outsideScope',
      async () => new AirlockRuntime({ outsideScope: 'drop' }).enqueue({}, send, ['a']),
    ],
    [
      'outsideScope',
      async () =>
        new AirlockRuntime({ outsideScope: 'report', logError: () => {} }).enqueue({}, send, ['a']),
    ],
  ])('publishes what is dropped with the reason %s', async (reason, work) => {
    await work();
    expect(on('airlock:drop')).toEqual([
      { intent: expect.anything(), scope: expect.anything(), reason },
    ]);
    expect(on('airlock:drop')[0]!.intent!.args).toEqual(['a']);
    expect(sent).toEqual([]);
  });

  it('publishes each failure with its error and how long it took', async () => {
    await errorOf(() => runInScope(() => enqueue(fail, 'broken')));
    expect(on('airlock:fail')).toEqual([
      {
        intent: expect.anything(),
        scope: expect.anything(),
        error: new Error('broken'),
        durationMs: expect.any(Number),
      },
    ]);
  });

  it('publishes the failure of a policy with the policy', async () => {
    const policy = { allows: () => fail('policy') as never };
    await errorOf(() => runInScope({ policy }, () => enqueue(send, 'a')));
    expect(on('airlock:fail')).toMatchObject([{ error: new Error('policy'), policy }]);
    expect(on('airlock:drop')).toEqual([]);
  });

  it('publishes one message per intent of a batch', async () => {
    const executor: Executor = {
      execute: () => fail('unused'),
      executeBatch: async ([a, b]) => [{ intent: a! }, { intent: b!, error: new Error('b') }],
    };
    await errorOf(() => runInScope({ executor }, () => (enqueue(send, 'a'), enqueue(send, 'b'))));
    expect(on('airlock:dispatch').map(({ intent }) => intent?.args[0])).toEqual(['a']);
    expect(on('airlock:fail').map(({ intent }) => intent?.args[0])).toEqual(['b']);
  });

  it.each([
    ['flushed', 'completed'],
    ['discarded', 'failed'],
  ] as const)(
    'publishes that a scope opened and was %s, with how long it lived',
    async (state, outcome) => {
      const scope = openScope({ name: 'job' });
      await setImmediate();
      await scope.end(outcome);
      expect(on('airlock:scope')).toEqual([
        { scope: expect.anything(), reason: 'open' },
        { scope: expect.anything(), reason: state, durationMs: expect.any(Number) },
        { scope: expect.anything(), reason: 'settled', durationMs: expect.any(Number) },
      ]);
      expect(new Set(on('airlock:scope').map((message) => message.scope!.id))).toEqual(
        new Set([scope.id]),
      );
    },
  );

  it('gives listeners a view of the scope, never its handle', async () => {
    await runInScope((scope) => {
      enqueue(send, 'a');
      for (const { scope: view } of heard.map(([, message]) => message)) {
        expect(view).not.toBe(scope);
        for (const verb of ['run', 'close', 'flush', 'discard', 'checkpoint', 'end'])
          expect(view).not.toHaveProperty(verb);
      }
    });
  });

  it('publishes no scope without an end for a late call from an effect', async () => {
    let late: Promise<unknown> | undefined;
    await new AirlockRuntime({ lateCalls: 'throw' }).run({}, () =>
      enqueue(() => {
        late = setImmediate().then(() => errorOf(() => enqueue(send, 'late')));
      }),
    );
    await late;
    const opened = on('airlock:scope').filter(({ reason }) => reason === 'open');
    const ended = on('airlock:scope').filter(({ reason }) => reason !== 'open');
    expect(new Set(opened.map(({ scope }) => scope!.id))).toEqual(
      new Set(ended.map(({ scope }) => scope!.id)),
    );
    expect(await late).toMatchObject({ code: 'AIRLOCK_SCOPE_CLOSED' });
  });
});

describe('when nobody listens', () => {
  it('publishes nothing, and reads the clock once a scope, for its age', async () => {
    const clock = jest.spyOn(performance, 'now');
    const publishers = NAMES.map((name) => jest.spyOn(channel(name), 'publish'));
    try {
      await errorOf(() =>
        runInScope({ name: 'job' }, async () => {
          enqueue(send, 'a');
          enqueue(fail, 'b');
          enqueueWith({ policy: { allows: () => false } }, send, 'c');
          await runInScope(() => enqueue(() => enqueue(send, 'cascade')));
        }),
      );
      expect(sent).toEqual(['a', 'cascade']);
      for (const publisher of publishers) expect(publisher).not.toHaveBeenCalled();
      // The scope, the nested one, and that of the effect which calls another.
      expect(clock).toHaveBeenCalledTimes(3);
    } finally {
      publishers.forEach((publisher) => publisher.mockRestore());
      clock.mockRestore();
    }
  });

  it('knows the age of a scope that was opened before anybody listened', async () => {
    const scope = openScope();
    listen();
    await scope.end('completed');
    expect(on('airlock:scope')).toEqual([
      { scope: expect.anything(), reason: 'flushed', durationMs: expect.any(Number) },
      { scope: expect.anything(), reason: 'settled', durationMs: expect.any(Number) },
    ]);
  });
});

describe('when an application listens to itself', () => {
  it('hears its own effects alone, and logs what a listener throws', async () => {
    const errors: unknown[] = [];
    const runtime = new AirlockRuntime({ logError: (error) => errors.push(error) });
    const names: string[] = [];
    runtime.listen({
      enqueue: () => {
        throw new RangeError('no ear');
      },
      dispatch: ({ intent }) => void names.push(intent.name),
    });
    await runtime.run({}, () => runtime.enqueue({ name: 'ours' }, () => {}, []));
    await new AirlockRuntime().run({}, (scope) => scope.run(() => enqueue(send, 'theirs')));
    expect(names).toEqual(['ours']);
    expect(errors).toEqual([new RangeError('no ear')]);
  });
});
