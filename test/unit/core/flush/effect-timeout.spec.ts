import { setTimeout as sleep } from 'node:timers/promises';
import {
  AirlockError,
  currentEffect,
  type DispatchContext,
  DispatchError,
  EffectTimeoutError,
  enqueue,
  enqueueWith,
  type Executor,
  InProcessExecutor,
  type Intent,
  openFrame,
  openScope,
} from 'nestjs-airlock';
import { Observable } from 'rxjs';
import { AirlockRuntime } from '../../../../lib/core/runtime.js';
import type { RuntimeSettings } from '../../../../lib/core/runtime-settings.js';
import { checkAfterEach, errorOf, fail, send, sent, sendSlowly, texts } from '../fixtures.js';

checkAfterEach();

/** An airlock whose log is kept. */
function airlock(settings: RuntimeSettings = {}): {
  runtime: AirlockRuntime;
  errors: Error[];
  warnings: string[];
} {
  const [errors, warnings]: [Error[], string[]] = [[], []];
  const report = (error: unknown): void => void errors.push(error as Error);
  const warn = (message: string): void => void warnings.push(message);
  return { runtime: new AirlockRuntime({ logError: report, warn, ...settings }), errors, warnings };
}

const never = (): Promise<void> => new Promise(() => {});

/** Opened and closed by hand, so that an effect ends when a test says so. */
function gate(): { open: (error?: Error) => void; passed: Promise<void> } {
  let open: (error?: Error) => void = () => {};
  const passed = new Promise<void>((resolve, reject) => {
    open = (error) => (error === undefined ? resolve() : reject(error));
  });
  return { open, passed };
}

const ignored = { onDispatchError: () => {} };

describe('when an effect runs longer than its time limit', () => {
  it('counts as failed, and the flush goes on', async () => {
    const { runtime } = airlock({ effectTimeoutMs: 10 });
    const error = await errorOf<DispatchError<Intent>>(() =>
      runtime.run({ name: 'POST /orders' }, () => {
        runtime.enqueue({ name: 'mail' }, never, []);
        enqueue(send, 'b');
      }),
    );
    expect(sent).toEqual(['b']);
    const [failure] = error.failures;
    expect(failure!.intent.name).toBe('mail');
    expect(failure!.error).toBeInstanceOf(EffectTimeoutError);
    expect(failure!.error).toBeInstanceOf(AirlockError);
    expect(failure!.error).toMatchObject({
      code: 'AIRLOCK_EFFECT_TIMEOUT',
      effect: 'mail',
      timeoutMs: 10,
      scope: 'POST /orders',
      message: expect.stringMatching(
        /^Effect "mail", let out by scope "POST \/orders", did not end within 10 ms/,
      ),
    });
  });

  it('aborts its signal with that error, and still knows who it is', async () => {
    const { runtime } = airlock({ effectTimeoutMs: 10 });
    const { open, passed } = gate();
    const found: unknown[] = [];
    const effect = async (secret: string): Promise<void> => {
      const { signal, id } = currentEffect()!;
      expect(currentEffect()!.signal).toBe(signal);
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      await sleep(1);
      found.push(
        signal.reason,
        currentEffect()!.id === id,
        currentEffect()!.signal.aborted,
        secret,
      );
      open();
    };
    await runtime.run(ignored, () => enqueue(effect, 'secret'));
    await passed;
    expect(found).toEqual([expect.any(EffectTimeoutError), true, true, 'secret']);
  });

  it('is unsubscribed from, where it is an Observable, in its own context', async () => {
    const { runtime, warnings, errors } = airlock({ effectTimeoutMs: 10 });
    const stopped: unknown[] = [];
    const endless = new Observable<number>((subscriber) => {
      const timer = setInterval(() => subscriber.next(1), 2);
      return () => {
        clearInterval(timer);
        stopped.push(currentEffect()?.name, currentEffect()?.signal.aborted);
      };
    });
    const error = await errorOf<DispatchError>(() =>
      runtime.run({}, () => runtime.enqueue({ name: 'poll' }, () => endless, [])),
    );
    expect(error.failures[0]!.error).toBeInstanceOf(EffectTimeoutError);
    expect(stopped).toEqual(['poll', true]);
    expect([warnings, errors]).toEqual([[], []]);
  });

  it('is reported, where what stops an Observable throws', async () => {
    const { runtime, errors } = airlock({ effectTimeoutMs: 10 });
    const stuck = new Observable<number>(() => () => fail('teardown'));
    await errorOf(() => runtime.run({}, () => runtime.enqueue({}, () => stuck, [])));
    expect(errors).toHaveLength(1);
  });

  it('lets nothing out that it enqueues afterwards, nor what it had enqueued', async () => {
    const { runtime } = airlock({ effectTimeoutMs: 10 });
    const { open, passed } = gate();
    await runtime.run(ignored, () =>
      enqueue(async () => {
        enqueue(send, 'before');
        await new Promise((resolve) => currentEffect()!.signal.addEventListener('abort', resolve));
        await sleep(1);
        try {
          enqueue(send, 'late');
        } catch {
          // How a late call is told is a matter of its own.
        }
        open();
      }),
    );
    await passed;
    expect(sent).toEqual([]);
  });

  it('logs how it ends later: well', async () => {
    const { runtime, warnings, errors } = airlock({ effectTimeoutMs: 5 });
    const { open, passed } = gate();
    await runtime.run({ ...ignored, name: 'night' }, () =>
      enqueueWith({ name: 'mail' }, () => passed),
    );
    expect(warnings).toEqual([]);
    open();
    await sleep(0);
    expect(warnings).toEqual([
      'Effect "mail", let out by scope "night", ended after its time limit of 5 ms, without an error. It was reported as failed already.',
    ]);
    expect(errors).toEqual([]);
  });

  it('logs how it ends later: with an error, and no rejection goes unhandled', async () => {
    const { runtime, warnings, errors } = airlock({ effectTimeoutMs: 5 });
    const { open, passed } = gate();
    await runtime.run({ ...ignored, name: 'night' }, () =>
      enqueueWith({ name: 'mail' }, () => passed),
    );
    open(new Error('on purpose'));
    await sleep(0);
    expect(warnings).toEqual([]);
    expect(errors).toMatchObject([
      {
        message:
          'Effect "mail", let out by scope "night", ended after its time limit of 5 ms, with an error.',
        cause: { message: 'on purpose' },
      },
    ]);
  });

  it('logs how it ends later: when its signal aborted it', async () => {
    const { runtime, warnings, errors } = airlock({ effectTimeoutMs: 5 });
    for (const wrap of [
      (reason: Error) => reason,
      (cause: Error) => new Error('aborted', { cause }),
    ]) {
      const effect = (): Promise<void> =>
        new Promise((_, reject) => {
          const { signal } = currentEffect()!;
          signal.addEventListener('abort', () => reject(wrap(signal.reason as Error)));
        });
      await runtime.run(ignored, () => enqueue(effect));
      await sleep(0);
    }
    expect(errors).toEqual([]);
    expect(warnings).toEqual([
      expect.stringMatching(/when its signal aborted it\.$/),
      expect.stringMatching(/when its signal aborted it\.$/),
    ]);
  });

  it.each<[string, RuntimeSettings, () => unknown]>([
    ['a query throws where it is awaited', {}, () => ({ then: () => fail('no such column') })],
    [
      'an executor returns no Promise of its batch',
      {
        executor: {
          execute: () => {},
          executeBatch: ((batch: readonly Intent[]) =>
            batch.map((intent) => ({ intent }))) as never,
        },
      },
      () => {},
    ],
  ])('has no limit left that could expire, where %s', async (_, settings, effect) => {
    const { runtime, errors, warnings } = airlock({ effectTimeoutMs: 5, ...settings });
    const crashes: unknown[] = [];
    const onCrash = (error: unknown): void => void crashes.push(error);
    process.on('uncaughtException', onCrash);
    await runtime.run(ignored, () => enqueue(effect));
    await sleep(20);
    process.off('uncaughtException', onCrash);
    expect({ crashes, errors, warnings }).toEqual({ crashes: [], errors: [], warnings: [] });
  });

  it('is not waited for by a shutdown either', async () => {
    const { runtime } = airlock({ effectTimeoutMs: 10 });
    const running = runtime.run(ignored, () => enqueue(never));
    await sleep(0);
    expect(await runtime.shutdown(5_000)).toEqual([]);
    await running;
  });
});

describe('when somebody says how long', () => {
  const limits = async (
    settings: RuntimeSettings,
    call: (limited: () => Promise<void>) => void,
  ): Promise<boolean> => {
    const { runtime } = airlock(settings);
    const { open, passed } = gate();
    const scope = runtime.open();
    scope.run(() => call(() => passed));
    const ended = scope.end('completed');
    await sleep(30);
    open();
    return (await ended).failed.length > 0;
  };

  it('has the effect decide before the executor, and that before the application', async () => {
    const executor = (timeoutMs: number | false): Executor => ({
      execute: ({ effect }) => effect(),
      timeoutMs,
    });
    const plain = (run: () => void): void => enqueue(run);
    const own = (timeoutMs: number | false) => (run: () => void) => enqueueWith({ timeoutMs }, run);
    expect(await limits({}, plain)).toBe(false);
    expect(await limits({ effectTimeoutMs: 5 }, plain)).toBe(true);
    expect(await limits({ effectTimeoutMs: false }, plain)).toBe(false);
    expect(await limits({ effectTimeoutMs: 5 }, own(false))).toBe(false);
    expect(await limits({ effectTimeoutMs: 5 }, own(10_000))).toBe(false);
    expect(await limits({ effectTimeoutMs: false }, own(5))).toBe(true);
    expect(await limits({ executor: executor(5) }, plain)).toBe(true);
    expect(await limits({ executor: executor(5) }, own(10_000))).toBe(false);
    expect(await limits({ effectTimeoutMs: 5, executor: executor(10_000) }, plain)).toBe(false);
    expect(await limits({ effectTimeoutMs: 5, executor: executor(false) }, own(5))).toBe(false);
  });

  it.each([0, -1, Number.NaN, Infinity, 2 ** 31, '5', true, null])(
    'refuses %p at the call',
    async (timeoutMs) => {
      const scope = openScope();
      const error = await errorOf(() =>
        scope.run(() => enqueueWith({ timeoutMs: timeoutMs as number }, send, 'a')),
      );
      expect(error).toMatchObject({ code: 'AIRLOCK_OPTIONS', key: 'timeoutMs' });
      expect(error.message).toContain('at most 2147483647');
      scope.close();
      await scope.flush();
    },
  );

  it('takes the longest one there is', async () => {
    const { runtime, warnings } = airlock({ effectTimeoutMs: 2 ** 31 - 1 });
    await runtime.run({}, () => enqueue(sendSlowly, 'a'));
    expect([sent, warnings]).toEqual([['a begins', 'a ends'], []]);
  });
});

describe('when a batch takes longer than the longest of its limits', () => {
  it('fails each of its effects by its own name', async () => {
    const signals: AbortSignal[] = [];
    const executor: Executor = {
      execute: () => {},
      executeBatch: (_, { signal }) => {
        signals.push(signal);
        return new Promise(() => {});
      },
    };
    const { runtime } = airlock({ executor, effectTimeoutMs: 5 });
    const scope = runtime.open({ name: 'batch' });
    scope.run(() => {
      enqueueWith({ name: 'one' }, send, 'a');
      enqueueWith({ name: 'two', timeoutMs: 20 }, send, 'b');
    });
    const { failed } = await scope.end('completed');
    expect(failed.map(({ error }) => error)).toMatchObject([
      { effect: 'one', timeoutMs: 20, scope: 'batch' },
      { effect: 'two', timeoutMs: 20, scope: 'batch' },
    ]);
    expect(signals[0]!.aborted).toBe(true);
  });
});

describe('when an executor looks at what it is given besides', () => {
  it('finds the signal that the effect has, and no connection outside transactions', async () => {
    const seen: DispatchContext[] = [];
    let own: AbortSignal | undefined;
    const executor: Executor = {
      execute: (intent, context) => {
        seen.push(context);
        return intent.effect();
      },
    };
    const { runtime } = airlock({ executor });
    await runtime.run({}, () => enqueue(() => void (own = currentEffect()!.signal)));
    expect(own).toBeInstanceOf(AbortSignal);
    expect(seen[0]!.signal.aborted).toBe(false);
    expect(seen[0]!.connection).toBeUndefined();
  });

  it("finds the transaction's own connection, if it is transactional", async () => {
    const connection = { executeSql: async () => ({ rows: [] }) };
    const found: unknown[] = [];
    const execute: Executor['execute'] = (_, context) => void found.push(context.connection);
    const { runtime } = airlock({
      executors: { db: { execute, transactional: true }, other: { execute } },
    });
    const frame = openFrame({ connection });
    await runtime.run({}, async () => {
      await frame.run(async () => {
        enqueueWith({ executor: 'db' }, send, 'a');
        enqueueWith({ executor: 'other' }, send, 'b');
        await frame.beforeCommit();
      });
      await frame.commit();
    });
    expect(found).toEqual([connection, undefined]);
  });

  it('finds the transaction as its own client knows it, if it is transactional, as long as that is open', async () => {
    const client = { query: () => {} };
    const found: DispatchContext[] = [];
    const seen: unknown[] = [];
    const execute: Executor['execute'] = (_, context) =>
      void (found.push(context), seen.push(context.tx));
    const { runtime } = airlock({
      executors: { db: { execute, transactional: true }, other: { execute } },
    });
    const frame = openFrame({ tx: () => client });
    await runtime.run({}, async () => {
      await frame.run(async () => {
        const savepoint = frame.savepoint();
        savepoint.run(() => enqueueWith({ executor: 'db' }, send, 'a'));
        await savepoint.commit();
        enqueueWith({ executor: 'other' }, send, 'b');
        await frame.beforeCommit();
      });
      await frame.commit();
      enqueueWith({ executor: 'db' }, send, 'c');
    });
    expect(seen).toEqual([client, undefined, undefined]);
    expect(found[0]!.tx).toBeUndefined();
  });
});

describe('when a flush takes longer than is good', () => {
  it('is named once a scope, with the effect that runs', async () => {
    const { runtime, warnings } = airlock({ slowFlushMs: 10 });
    const slow = (): Promise<void> => sleep(15);
    await runtime.run({ name: 'POST /orders' }, () => {
      enqueueWith({ name: 'quick' }, send, 'a');
      enqueueWith({ name: 'mail' }, () => sleep(30));
      enqueueWith({ name: 'again' }, slow);
    });
    expect(warnings).toEqual([
      expect.stringMatching(
        /^Scope "POST \/orders" has been letting out effects for 10 ms and has not come to the end: "mail" has been running for \d+ ms\. /,
      ),
    ]);
  });

  it('is not named again for the same effect', async () => {
    const { runtime, warnings } = airlock({ slowFlushMs: 10 });
    for (const name of ['mail', 'mail', 'report'])
      await runtime.run({ name: 'POST /orders' }, () => enqueueWith({ name }, () => sleep(20)));
    expect(warnings.map((text) => /"(\w+)" has been running/.exec(text)![1])).toEqual([
      'mail',
      'report',
    ]);
  });

  it('names what runs in a cascade, a policy that does not answer, and several at a time', async () => {
    const { runtime, warnings } = airlock({
      slowFlushMs: 10,
      executor: new InProcessExecutor({ concurrency: 2 }),
    });
    await runtime.run({ name: 'two' }, () => {
      enqueueWith({ name: 'a' }, () => sleep(25));
      enqueueWith({ name: 'b' }, () => enqueueWith({ name: 'c' }, () => sleep(25)));
    });
    await runtime.run({ name: 'policy', policy: { allows: () => sleep(25, true) } }, () =>
      enqueueWith({ name: 'asked' }, send, 'a'),
    );
    expect(warnings[0]).toMatch(/"a" has been running for \d+ ms/);
    expect(warnings[0]).toMatch(/"c" has been running for \d+ ms/);
    expect(warnings[1]).toContain('Scope "policy"');
    expect(warnings[1]).toContain('"asked" waits for its policies');
  });

  it('is not named where effects are quick, or nobody wants to know', async () => {
    const quick = airlock({ slowFlushMs: 1_000 });
    await quick.runtime.run({}, () => enqueue(sendSlowly, 'a'));
    const silent = airlock();
    await silent.runtime.run({}, () => enqueue(() => sleep(15)));
    expect([...quick.warnings, ...silent.warnings]).toEqual([]);
  });
});

describe('when several effects may run at a time', () => {
  const open = (concurrency: number, settings: RuntimeSettings = {}) =>
    airlock({ executor: new InProcessExecutor({ concurrency }), ...settings }).runtime;

  it('begins them in the order of their calls, as many as may, and reports them in that order', async () => {
    const runtime = open(3);
    let [running, most] = [0, 0];
    const begun: string[] = [];
    const work = async (text: string, ms: number): Promise<void> => {
      begun.push(text);
      most = Math.max(most, ++running);
      await sleep(ms);
      running--;
      sent.push(text);
    };
    const scope = runtime.open();
    scope.run(() => {
      for (const [i, text] of ['a', 'b', 'c', 'd', 'e'].entries()) enqueue(work, text, 25 - 5 * i);
    });
    const report = await scope.end('completed');
    expect(begun).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(texts(report.dispatched)).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(sent).not.toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(most).toBe(3);
  });

  it('drops what has not begun after a failure in failFast, and runs all else to its end', async () => {
    const runtime = open(2);
    const scope = runtime.open({ dispatchMode: 'failFast' });
    scope.run(() => {
      enqueue(sendSlowly, 'a');
      enqueue(fail, 'b');
      enqueue(send, 'c');
      enqueue(send, 'd');
    });
    const report = await scope.end('completed');
    expect(sent).toEqual(['a begins', 'a ends']);
    expect(texts(report.dispatched)).toEqual(['a']);
    expect(texts(report.failed.map(({ intent }) => intent))).toEqual(['b']);
    expect(report.dropped.map(({ intent, reason }) => [intent.args[0], reason])).toEqual([
      ['c', 'failFast'],
      ['d', 'failFast'],
    ]);
  });

  it('drops in failFast what was waiting for its policies when another failed', async () => {
    const answer = gate();
    const policy = {
      allows: async ({ name }: Intent) => {
        if (name === 'b') await answer.passed;
        return true;
      },
    };
    const scope = open(2).open({ dispatchMode: 'failFast', policy });
    scope.run(() => {
      enqueueWith({ name: 'a' }, async () => {
        await sleep(1);
        setImmediate(answer.open);
        fail('a');
      });
      enqueueWith({ name: 'b' }, send, 'b');
    });
    const { dropped } = await scope.end('completed');
    expect(sent).toEqual([]);
    expect(dropped).toMatchObject([{ intent: { name: 'b' }, reason: 'failFast' }]);
  });

  it('asks policies in order, keeps each cascade with its effect, and each limit to its own', async () => {
    const runtime = open(4, { effectTimeoutMs: 15 });
    const asked: unknown[] = [];
    const allows = async ({ name }: Intent): Promise<boolean> => {
      await sleep(name === 'first' ? 5 : 0);
      asked.push(name);
      return name !== 'blocked';
    };
    const scope = runtime.open({ policy: { allows } });
    scope.run(() => {
      enqueueWith({ name: 'first' }, () => enqueueWith({ name: 'inner' }, send, 'inner'));
      enqueueWith({ name: 'blocked' }, send, 'blocked');
      enqueueWith({ name: 'hangs' }, never);
      enqueueWith({ name: 'last' }, sendSlowly, 'last');
    });
    const report = await scope.end('completed');
    expect(asked.filter((name) => name !== 'inner')).toEqual(['first', 'blocked', 'hangs', 'last']);
    expect(report.dispatched.map(({ name }) => name)).toEqual(['first', 'inner', 'last']);
    expect(report.dropped.map(({ intent }) => intent.name)).toEqual(['blocked']);
    expect(report.failed).toMatchObject([{ intent: { name: 'hangs' }, error: { timeoutMs: 15 } }]);
  });

  it('tells a shutdown what has not ended', async () => {
    const runtime = open(2);
    const { open: letGo, passed } = gate();
    const running = runtime.run(ignored, () => {
      enqueueWith({ name: 'ended' }, send, 'a');
      enqueueWith({ name: 'hangs' }, () => passed);
      enqueueWith({ name: 'ends' }, sendSlowly, 'b');
      enqueueWith({ name: 'hangs too' }, () => passed);
      enqueueWith({ name: 'waits' }, send, 'c');
    });
    await sleep(5);
    const [unit] = await runtime.shutdown(1);
    expect(unit!.pending().map(({ name }) => name)).toEqual(['hangs', 'hangs too', 'waits']);
    letGo();
    await running;
  });

  it.each([0, -1, 1.5, Infinity, '2', null])('refuses %p', async (concurrency) => {
    expect(
      await errorOf(() => new InProcessExecutor({ concurrency: concurrency as number })),
    ).toMatchObject({
      code: 'AIRLOCK_OPTIONS',
      key: 'concurrency',
    });
  });
});
