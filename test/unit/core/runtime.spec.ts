import { setImmediate, setTimeout } from 'node:timers/promises';
import {
  AssertNoEffects,
  BlockTasks,
  DispatchError,
  DropAll,
  type EffectScope,
  enqueue,
  enqueueWith,
  type Intent,
  NoScopeError,
  type OnDispatchError,
  openFrame,
  type Outcome,
  type OutsideScope,
  runInScope,
  ScopeClosedError,
  type ScopeOptions,
  ShuttingDownError,
  type TransactionFrame,
} from 'nestjs-airlock';
import { AirlockRuntime } from '../../../lib/core/runtime.js';
import type { RuntimeSettings } from '../../../lib/core/runtime-settings.js';
import { checkAfterEach, errorOf, fail, send, sendSlowly, sent, texts } from './fixtures.js';

checkAfterEach();

function callOutside(settings: RuntimeSettings, effect = send, text = 'a'): AirlockRuntime {
  const runtime = new AirlockRuntime(settings);
  runtime.enqueue({}, effect as (text: string) => void, [text]);
  return runtime;
}

/** The scopes that a shutdown finds running. */
async function left(runtime: AirlockRuntime): Promise<unknown[]> {
  return (await runtime.shutdown(0)).map(({ label }) => label);
}

describe('when an effect is called outside a scope under dispatch', () => {
  it('goes out, and the caller need not wait for it', async () => {
    callOutside({ outsideScope: 'dispatch' }, sendSlowly as typeof send);
    await setTimeout(5);
    expect(sent).toEqual(['a begins', 'a ends']);
  });

  it('goes through the policies of the application', () => {
    callOutside({ outsideScope: 'dispatch', policy: DropAll });
    expect(sent).toEqual([]);
  });

  it('goes through the policies of withPolicy', () => {
    const runtime = new AirlockRuntime({ outsideScope: 'dispatch' });
    runtime.withPolicy(new BlockTasks(['send']), () => runtime.enqueue({}, send, ['blocked']));
    runtime.enqueue({}, send, ['free']);
    expect(sent).toEqual(['free']);
  });

  it('reports its failure, and never as an unhandled rejection', async () => {
    const reported: unknown[] = [];
    const report = (error: unknown): void => void reported.push(error);
    callOutside({ outsideScope: 'dispatch', logError: report }, fail);
    callOutside(
      { outsideScope: 'dispatch', logError: report },
      (async () => (await setImmediate(), fail('late'))) as never,
    );
    await setTimeout(5);
    expect(reported).toMatchObject([{ code: 'AIRLOCK_DISPATCH' }, { code: 'AIRLOCK_DISPATCH' }]);
  });

  it('lets its cascade out as well', () => {
    callOutside({ outsideScope: 'dispatch' }, () => enqueue(send, 'cascade'));
    expect(sent).toEqual(['cascade']);
  });

  it('lets no call out after its scope ended', async () => {
    const reported: unknown[] = [];
    const runtime = new AirlockRuntime({
      outsideScope: 'dispatch',
      logError: (error) => void reported.push(error),
    });
    let late: Promise<unknown> | undefined;
    await runtime.run({}, () => {
      late = setImmediate().then(() => runtime.enqueue({}, send, ['late']));
    });
    await late;
    expect(reported).toEqual([expect.any(ScopeClosedError)]);
    expect(sent).toEqual([]);
  });
});

describe('when an effect is called outside a scope under report', () => {
  it('throws nothing, does not run, and is reported as refused', () => {
    const reported: unknown[] = [];
    const policy = { onEnqueue: () => fail('asked') };
    callOutside({ outsideScope: 'report', policy, logError: (error) => void reported.push(error) });
    expect(reported).toEqual([expect.any(NoScopeError)]);
    expect(sent).toEqual([]);
  });
});

describe('when an effect is called outside a scope under drop', () => {
  it('does not run', async () => {
    const runtime = callOutside({ outsideScope: 'drop' });
    await setImmediate();
    expect(sent).toEqual([]);
    expect(await left(runtime)).toEqual([]);
  });
});

describe.each<OutsideScope>(['dispatch', 'drop'])(
  'when a policy refuses a call outside a scope under %s',
  (outsideScope) => {
    it('shows the caller the error and leaves no scope running', async () => {
      const runtime = new AirlockRuntime({ outsideScope, policy: AssertNoEffects });
      expect(await errorOf(() => runtime.enqueue({}, send, ['a']))).toMatchObject({
        code: 'AIRLOCK_POLICY_VIOLATION',
      });
      expect(sent).toEqual([]);
      expect(await left(runtime)).toEqual([]);
    });
  },
);

describe('when an application shuts down', () => {
  it('opens no new scope', async () => {
    const runtime = new AirlockRuntime();
    expect(await runtime.shutdown(1000)).toEqual([]);
    const error = await errorOf(() => runtime.run({ name: 'POST /orders' }, () => send('ran')));
    expect(error).toBeInstanceOf(ShuttingDownError);
    expect(error).toMatchObject({ code: 'AIRLOCK_SHUTTING_DOWN', scope: 'POST /orders' });
    expect(error.message).toBe(
      'Scope "POST /orders" was not opened: the application is shutting down. Send the work to another instance, or retry later.',
    );
    expect(await errorOf(() => runtime.open())).toMatchObject({ scope: 'unnamed' });
    expect(sent).toEqual([]);
  });

  it('waits for running scopes, which go on, nest and flush', async () => {
    const runtime = new AirlockRuntime();
    const work = runtime.run({}, async () => {
      await setTimeout(5);
      await runtime.run({}, () => enqueue(sendSlowly, 'nested'));
      enqueue(() => enqueue(send, 'cascade'));
    });
    expect(await runtime.shutdown(10_000)).toEqual([]);
    expect(sent).toEqual(['nested begins', 'nested ends', 'cascade']);
    await work;
  });

  it('waits for what goes out after a commit that came while the scope let out the rest', async () => {
    const runtime = new AirlockRuntime();
    const root = openFrame();
    const scope = runtime.open();
    scope.run(() => {
      enqueue(sendSlowly, 'free');
      root.run(() => enqueue(sendSlowly, 'in transaction'));
    });
    const ending = scope.end('completed');
    const committing = root.commit();
    await ending;
    expect(await runtime.shutdown(10_000)).toEqual([]);
    expect(sent).toEqual([
      'free begins',
      'free ends',
      'in transaction begins',
      'in transaction ends',
    ]);
    await committing;
  });

  it('names what an effect has left waiting for a commit', async () => {
    const reported: unknown[] = [];
    const runtime = new AirlockRuntime({ logError: (error) => void reported.push(error) });
    let root: TransactionFrame;
    const effect = (): void => {
      root = openFrame({ name: 'forgotten' });
      root.run(() => enqueue(send, 'a'));
    };
    await runtime.run({}, () => enqueue(effect));
    expect(reported).toEqual([
      expect.objectContaining({ code: 'AIRLOCK_FRAME_STATE', frame: 'forgotten' }),
    ]);
    expect(await left(runtime)).toEqual(['effect effect']);
    await root!.commit();
    expect(sent).toEqual(['a']);
    expect(await left(runtime)).toEqual([]);
  });

  it('gives up after its time and names what is left', async () => {
    const runtime = new AirlockRuntime();
    const scope = runtime.open({ name: 'stuck' });
    scope.run(() => enqueue(send, 'a'));
    const [stuck, ...others] = await runtime.shutdown(5);
    expect(stuck!.name).toBe('stuck');
    expect(texts(stuck!.snapshot())).toEqual(['a']);
    expect(others).toEqual([]);
    await scope.end('completed');
    expect(sent).toEqual(['a']);
    expect(await left(runtime)).toEqual([]);
  });

  it('names the effect that is being let out and those behind it', async () => {
    const runtime = new AirlockRuntime();
    let release = (): void => {};
    const work = runtime.run({}, () => {
      enqueue(send, 'done');
      enqueue(() => new Promise<void>((resolve) => (release = resolve)));
      enqueue(send, 'behind');
    });
    const [unit] = await runtime.shutdown(5);
    expect(unit!.pending().map(({ name }) => name)).toEqual(['(anonymous)', 'send']);
    release();
    await work;
    expect(unit!.pending()).toEqual([]);
  });

  it('names what waits behind a running checkpoint, before what is still buffered', async () => {
    const runtime = new AirlockRuntime();
    let [begin, release] = [(): void => {}, (): void => {}];
    const begun = new Promise<void>((resolve) => (begin = resolve));
    const scope = runtime.open({ name: 'import' });
    const call = (name: string, effect: () => unknown = () => {}): void =>
      scope.run(() => enqueueWith({ name }, effect));
    call('done', () => setImmediate());
    call('done as well');
    call('running', () => new Promise<void>((resolve) => ((release = resolve), begin())));
    call('behind it');
    const checkpoints = [scope.checkpoint()];
    call('in the next checkpoint');
    checkpoints.push(scope.checkpoint());
    call('buffered');
    await begun;
    const [unit] = await runtime.shutdown(5);
    expect([...unit!.pending(), ...unit!.snapshot()].map(({ name }) => name)).toEqual([
      'running',
      'behind it',
      'in the next checkpoint',
      'buffered',
    ]);
    const end = scope.end('completed');
    expect(unit!.pending().at(-1)?.name).toBe('buffered');
    release();
    await Promise.all([...checkpoints, end]);
    expect(unit!.pending()).toEqual([]);
  });

  it.each(['is at its executor', 'waits for a policy'])(
    'names every intent of a batch that %s',
    async (where) => {
      let release = (): void => {};
      const released = new Promise<void>((resolve) => (release = resolve));
      const allows = ({ args }: Intent) =>
        where === 'is at its executor' || args[0] !== 'b' || released.then(() => true);
      const executeBatch = (batch: readonly Intent[]) =>
        released.then(() => batch.map((intent) => ({ intent })));
      const runtime = new AirlockRuntime({
        policy: { allows },
        executor: { execute: () => {}, executeBatch },
      });
      const work = runtime.run({}, () => ['a', 'b', 'c'].forEach((text) => enqueue(send, text)));
      const [unit] = await runtime.shutdown(5);
      expect(texts(unit!.pending())).toEqual(['a', 'b', 'c']);
      release();
      await work;
      expect(unit!.pending()).toEqual([]);
    },
  );

  it.each<[string, (runtime: AirlockRuntime) => unknown]>([
    ['failed', (runtime) => errorOf(() => runtime.run({}, () => fail('work')))],
    [
      'had a failing effect',
      (runtime) => errorOf(() => runtime.run({}, () => enqueue(fail, 'effect'))),
    ],
    [
      'had a hook that threw',
      (runtime) =>
        errorOf(() => runtime.run({ shouldFlush: () => fail('hook') as never }, () => {})),
    ],
    [
      'had a nested one refused by a hook',
      (runtime) =>
        runtime.run({ beforeDescendantFlushes: () => null as never }, () =>
          errorOf(() => runtime.run({}, () => enqueue(send, 'a'))),
        ),
    ],
    [
      'was discarded',
      (runtime) => {
        const scope = runtime.open();
        scope.close();
        scope.discard();
      },
    ],
  ])('does not wait for a scope that %s', async (_, work) => {
    const runtime = new AirlockRuntime({ logError: () => {} });
    await work(runtime);
    expect(await left(runtime)).toEqual([]);
  });

  it('is no concern of another application, nor of runInScope outside any', async () => {
    await new AirlockRuntime().shutdown(0);
    await new AirlockRuntime().run({}, () => enqueue(send, 'other'));
    await runInScope(() => enqueue(send, 'none'));
    expect(sent).toEqual(['other', 'none']);
  });
});

describe('when effects of a scope fail', () => {
  const work = (how: 'throw' | 'report' | undefined, reported: unknown[]): Promise<unknown> =>
    new AirlockRuntime({ logError: (error) => void reported.push(error) }).run(
      { name: 'job', ...(how && { onDispatchError: how }) },
      () => (enqueue(fail, 'effect'), 'value'),
    );

  it('throws where nothing is said', async () => {
    const reported: unknown[] = [];
    expect(await errorOf(() => work(undefined, reported))).toMatchObject({
      code: 'AIRLOCK_DISPATCH',
      scope: 'job',
    });
    expect(reported).toEqual([]);
  });

  it('gives the value back and reports under report', async () => {
    const reported: unknown[] = [];
    expect(await work('report', reported)).toBe('value');
    expect(reported).toMatchObject([{ code: 'AIRLOCK_DISPATCH' }]);
  });

  it('gives the value back after the function has had the error', async () => {
    const given: unknown[] = [];
    const onDispatchError = async (error: unknown): Promise<void> => (
      await setImmediate(),
      void given.push(error)
    );
    expect(await runInScope({ onDispatchError }, () => (enqueue(fail, 'effect'), 'value'))).toBe(
      'value',
    );
    expect(given).toMatchObject([{ code: 'AIRLOCK_DISPATCH' }]);
  });
});

describe('when the work fails and effects for failure fail too', () => {
  const failures: [string, () => unknown][] = [
    ['at once', () => fail('effect')],
    ['later', async () => (await setImmediate(), fail('effect'))],
  ];

  function failing(
    effect: () => unknown,
    onDispatchError: OnDispatchError,
    reported: unknown[],
  ): Promise<Error> {
    const runtime = new AirlockRuntime({ logError: (error) => void reported.push(error) });
    return errorOf(() =>
      runtime.run({ name: 'job', onDispatchError }, () => {
        enqueueWith({ on: 'failure' }, effect);
        fail('work');
      }),
    );
  }

  it.each(failures)(
    'tells a function of those that fail %s, reports nothing, and throws the error of the work',
    async (_, effect) => {
      const [given, reported]: [DispatchError[], unknown[]] = [[], []];
      const how = async (error: DispatchError): Promise<void> => (
        await setImmediate(),
        void given.push(error)
      );
      expect(await failing(effect, how, reported)).toEqual(new Error('work'));
      expect(given).toEqual([expect.any(DispatchError)]);
      expect(given[0]).toMatchObject({ scope: 'job', errors: [new Error('effect')] });
      expect(reported).toEqual([]);
    },
  );

  it.each(failures)(
    'reports under throw those that fail %s, and throws the error of the work',
    async (_, effect) => {
      const reported: unknown[] = [];
      expect(await failing(effect, 'throw', reported)).toEqual(new Error('work'));
      expect(reported).toMatchObject([{ code: 'AIRLOCK_DISPATCH', errors: [new Error('effect')] }]);
    },
  );

  it.each(failures)(
    'reports what that function throws about those that fail %s',
    async (_, effect) => {
      const reported: unknown[] = [];
      expect(await failing(effect, () => fail('told'), reported)).toEqual(new Error('work'));
      expect(reported).toContainEqual(new Error('told'));
    },
  );
});

type Run = <R>(options: ScopeOptions, work: (scope: EffectScope) => R) => Promise<Awaited<R>>;

describe.each<[string, Run]>([
  ['run of an application', (options, work) => new AirlockRuntime().run(options, work)],
  ['runInScope', runInScope],
])('when the work of %s ends its scope by hand', (_, run) => {
  const ways: [string, readonly string[], string, (scope: EffectScope) => unknown][] = [
    ['flushed', [], 'flush()', (scope) => (scope.close(), scope.flush())],
    ['discarded', [], 'discard()', (scope) => (scope.close(), scope.discard())],
    ['flushed', ['completed'], "end('completed')", (scope) => scope.end('completed')],
    ['discarded', ['failed'], "end('failed')", (scope) => scope.end('failed')],
  ];

  /** What became of the scope, and how often `shouldFlush` was asked. */
  function ended(end: (scope: EffectScope) => unknown, then: () => unknown) {
    const asked: Outcome[] = [];
    const shouldFlush = (outcome: Outcome): boolean =>
      asked.push(outcome) > 0 && outcome === 'completed';
    let scope: EffectScope | undefined;
    const work = run({ shouldFlush }, async (own) => {
      scope = own;
      enqueue(send, 'a');
      await end(own);
      return then();
    });
    return { work, asked, state: () => scope!.state };
  }

  it.each(ways)(
    'leaves it %s, asks shouldFlush %j and gives the value back after %s',
    async (state, asks, _way, end) => {
      const { work, asked, state: found } = ended(end, () => 'value');
      expect(await work).toBe('value');
      expect([found(), asked, sent]).toEqual([state, asks, state === 'flushed' ? ['a'] : []]);
    },
  );

  it.each(ways)(
    'leaves it %s, asks shouldFlush %j and throws the error of the work after %s',
    async (state, asks, _way, end) => {
      const { work, asked, state: found } = ended(end, () => fail('work'));
      expect(await errorOf(() => work)).toEqual(new Error('work'));
      expect([found(), asked, sent]).toEqual([state, asks, state === 'flushed' ? ['a'] : []]);
    },
  );

  it.each<[string, (scope: EffectScope) => unknown]>([
    ['a flush', (scope) => (scope.close(), scope.flush())],
    ['an end', (scope) => scope.end('completed')],
    [
      'a checkpoint before a discard',
      (scope) => [scope.checkpoint(), scope.close(), scope.discard()],
    ],
  ])(
    'waits for %s that the work does not await, with the value as with the error',
    async (_way, end) => {
      const work = (then: () => unknown) =>
        run({}, (scope) => {
          enqueue(sendSlowly, 'a');
          void end(scope);
          return then();
        });
      expect(await work(() => 'value')).toBe('value');
      expect(sent).toEqual(['a begins', 'a ends']);
      expect(await errorOf(() => work(() => fail('work')))).toEqual(new Error('work'));
      expect(sent).toEqual(['a begins', 'a ends', 'a begins', 'a ends']);
    },
  );
});

describe('when a shutdown comes while an effect of an effect is at work', () => {
  it('names what an effect enqueued itself and that is not out yet', async () => {
    const runtime = new AirlockRuntime();
    let release = (): void => {};
    const work = runtime.run({ name: 'job' }, () => {
      enqueue(function outer() {
        enqueueWith({ name: 'cascade' }, () => new Promise<void>((resolve) => (release = resolve)));
        enqueueWith({ name: 'behind in the cascade' }, () => {});
      });
      enqueueWith({ name: 'behind' }, () => {});
    });
    const [unit] = await runtime.shutdown(5);
    expect(
      unit!
        .pending()
        .map(({ name }) => name)
        .sort(),
    ).toEqual(['behind', 'behind in the cascade', 'cascade']);
    release();
    await work;
  });
});

describe('when the work of a scope begins as it is awaited', () => {
  it('runs inside the scope, as a query builder does', async () => {
    const query = {
      then(resolve: (rows: number) => void): void {
        enqueue(send, 'from the query');
        resolve(3);
      },
    };
    expect(await runInScope(() => query as PromiseLike<number>)).toBe(3);
    expect(sent).toEqual(['from the query']);
  });
});
