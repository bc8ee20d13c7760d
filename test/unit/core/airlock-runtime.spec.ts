import { setImmediate, setTimeout } from 'node:timers/promises';
import {
  AssertNoEffects,
  BlockTasks,
  DropAll,
  enqueue,
  type OutsideScope,
  runInScope,
  ScopeClosedError,
  ShuttingDownError,
} from 'nestjs-airlock';
import { AirlockRuntime, type RuntimeSettings } from '../../../lib/core/airlock-runtime.js';
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
    callOutside({ outsideScope: 'dispatch', report }, fail);
    callOutside({ outsideScope: 'dispatch', report }, (async () => (await setImmediate(), fail('late'))) as never);
    await setTimeout(5);
    expect(reported).toMatchObject([{ code: 'AIRLOCK_DISPATCH' }, { code: 'AIRLOCK_DISPATCH' }]);
  });

  it('lets its cascade out as well', () => {
    callOutside({ outsideScope: 'dispatch' }, () => enqueue(send, 'cascade'));
    expect(sent).toEqual(['cascade']);
  });

  it('still refuses a call after its scope ended', async () => {
    const runtime = new AirlockRuntime({ outsideScope: 'dispatch' });
    let late: Promise<unknown> | undefined;
    await runtime.run({}, () => {
      late = setImmediate().then(() => errorOf(() => runtime.enqueue({}, send, ['late'])));
    });
    expect(await late).toBeInstanceOf(ScopeClosedError);
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
      expect(await errorOf(() => runtime.enqueue({}, send, ['a']))).toMatchObject({ code: 'AIRLOCK_POLICY_VIOLATION' });
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

  it.each<[string, (runtime: AirlockRuntime) => unknown]>([
    ['failed', (runtime) => errorOf(() => runtime.run({}, () => fail('work')))],
    ['had a failing effect', (runtime) => errorOf(() => runtime.run({}, () => enqueue(fail, 'effect')))],
    [
      'had a hook that threw',
      (runtime) => errorOf(() => runtime.run({ shouldFlush: () => fail('hook') as never }, () => {})),
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
    const runtime = new AirlockRuntime({ report: () => {} });
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
    new AirlockRuntime({ report: (error) => void reported.push(error) }).run(
      { name: 'job', ...(how && { onDispatchError: how }) },
      () => (enqueue(fail, 'effect'), 'value'),
    );

  it('throws where nothing is said', async () => {
    const reported: unknown[] = [];
    expect(await errorOf(() => work(undefined, reported))).toMatchObject({ code: 'AIRLOCK_DISPATCH', scope: 'job' });
    expect(reported).toEqual([]);
  });

  it('gives the value back and reports under report', async () => {
    const reported: unknown[] = [];
    expect(await work('report', reported)).toBe('value');
    expect(reported).toMatchObject([{ code: 'AIRLOCK_DISPATCH' }]);
  });

  it('gives the value back after the function has had the error', async () => {
    const given: unknown[] = [];
    const onDispatchError = async (error: unknown): Promise<void> => (await setImmediate(), void given.push(error));
    expect(await runInScope({ onDispatchError }, () => (enqueue(fail, 'effect'), 'value'))).toBe('value');
    expect(given).toMatchObject([{ code: 'AIRLOCK_DISPATCH' }]);
  });
});
