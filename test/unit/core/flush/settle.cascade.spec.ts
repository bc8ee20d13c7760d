import { AsyncLocalStorage } from 'node:async_hooks';
import { setImmediate } from 'node:timers/promises';
import {
  BlockTasks,
  BufferLimitError,
  CascadeDepthError,
  currentScope,
  type DispatchError,
  enqueue,
  enqueueWith,
  LimitPerFlush,
  openScope,
  runInScope,
} from 'nestjs-airlock';
import { AirlockRuntime } from '../../../../lib/core/runtime.js';
import { checkAfterEach, errorOf, fail, send, sent, texts } from '../fixtures.js';

checkAfterEach();

/** An effect that runs another one as its cascade. */
function then(text: string, cascade: () => void): () => Promise<void> {
  return async () => {
    send(text);
    cascade();
    await setImmediate();
    send(`${text} ends`);
  };
}

describe('when an effect enqueues', () => {
  it('lets its cascade out after its own end and before the next effect', async () => {
    await runInScope(() => {
      enqueue(then('a', () => enqueue(send, 'a cascade')));
      enqueue(send, 'b');
    });
    expect(sent).toEqual(['a', 'a ends', 'a cascade', 'b']);
  });

  it('reports the cascade with the rest', async () => {
    const scope = openScope();
    scope.run(() => enqueueWith({ name: 'first' }, () => enqueue(send, 'second')));
    scope.close();
    const report = await scope.flush();
    expect(report.dispatched.map(({ name }) => name)).toEqual(['first', 'send']);
  });

  it('runs it in a scope of its own, outside the one that enqueued it', async () => {
    await runInScope({ name: 'outer' }, (outer) => {
      enqueue(function notify() {
        expect(currentScope()).toMatchObject({ name: 'effect notify', state: 'open' });
        expect(currentScope()?.id).not.toBe(outer.id);
        expect(currentScope()?.parent).toBeUndefined();
        enqueue(send, 'cascade');
        expect(texts(currentScope()!.intents)).toEqual(['cascade']);
        expect(outer.state).toBe('flushed');
      });
    });
    expect(sent).toEqual(['cascade']);
  });

  it('keeps the async context of the caller otherwise', async () => {
    const request = new AsyncLocalStorage<string>();
    await request.run('request 1', () =>
      runInScope(() => enqueue(() => send(request.getStore()!))),
    );
    expect(sent).toEqual(['request 1']);
  });

  it('uses the executor of the scope that let it out', async () => {
    const order: string[] = [];
    const executor = (intent: { name: string; effect: () => unknown }): unknown => (
      order.push(intent.name),
      intent.effect()
    );
    await runInScope({ executor: executor as never }, () =>
      enqueue(then('a', () => enqueue(function b() {}))),
    );
    expect(order).toEqual(['(anonymous)', 'b']);
  });
});

describe('when a scope with policies lets an effect out', () => {
  it('applies them to its cascade, at any depth', async () => {
    const policy = new BlockTasks(['blocked']);
    await runInScope({ policy }, () =>
      enqueue(() => {
        enqueueWith({ name: 'blocked' }, send, 'one deeper');
        enqueue(() => enqueueWith({ name: 'blocked' }, send, 'two deeper'));
        enqueue(send, 'allowed');
      }),
    );
    expect(sent).toEqual(['allowed']);
  });

  it('asks onEnqueue at the call of the cascade', async () => {
    const policy = new BlockTasks(['blocked'], { raiseOnEnqueue: true });
    const error = await errorOf<DispatchError>(() =>
      runInScope({ policy }, () => enqueue(() => enqueueWith({ name: 'blocked' }, send, 'a'))),
    );
    expect(error.failures.map((failure) => failure.error)).toEqual([
      expect.objectContaining({ code: 'AIRLOCK_POLICY_VIOLATION' }),
    ]);
  });

  it('counts cascades in one LimitPerFlush', async () => {
    await runInScope({ policy: new LimitPerFlush(3) }, () => {
      enqueue(() => {
        send('a');
        enqueue(send, 'b');
        enqueue(send, 'c');
        enqueue(send, 'too much');
      });
      enqueue(send, 'too much as well');
    });
    expect(sent).toEqual(['a', 'b', 'c']);
  });

  it('applies the policies of the scope that captured it, not of the inner one it was called in', async () => {
    await runInScope(async () => {
      await runInScope({ policy: new BlockTasks(['cascade']) }, () =>
        enqueue(() => enqueueWith({ name: 'cascade' }, send, 'a')),
      );
    });
    expect(sent).toEqual(['a']);
  });
});

describe('when an effect fails', () => {
  it('drops its cascade, but for what waited for the failure, and goes on', async () => {
    const scope = openScope();
    scope.run(() => {
      enqueue(async () => {
        enqueue(send, 'lost');
        enqueueWith({ on: 'failure' }, send, 'sorry');
        await setImmediate();
        fail('effect');
      });
      enqueue(send, 'next');
    });
    scope.close();
    const report = await scope.flush();
    expect(sent).toEqual(['sorry', 'next']);
    expect(report.dropped.map(({ intent, reason }) => [intent.args[0], reason])).toEqual([
      ['lost', 'outcome'],
    ]);
  });

  it('drops the cascade of one that throws at once', async () => {
    const error = await errorOf(() =>
      runInScope(() => enqueue(() => (enqueue(send, 'lost'), fail('effect')))),
    );
    expect(error).toMatchObject({ code: 'AIRLOCK_DISPATCH' });
    expect(sent).toEqual([]);
  });

  it('keeps the cascade of an earlier one', async () => {
    await errorOf(() =>
      runInScope(() => {
        enqueue(() => enqueue(send, 'kept'));
        enqueue(fail, 'effect');
      }),
    );
    expect(sent).toEqual(['kept']);
  });
});

describe('when an effect opens a scope of its own', () => {
  it('nests it in the cascade, which lets it out after the effect', async () => {
    await runInScope(() => {
      enqueue(async () => {
        await runInScope(() => enqueue(send, 'nested'));
        expect(sent).toEqual([]);
      });
    });
    expect(sent).toEqual(['nested']);
  });
});

describe('when effects cascade too deep', () => {
  const step = (n: number): void =>
    enqueueWith({ name: `step ${n}` }, () => {
      send(String(n));
      step(n + 1);
    });

  it('refuses the one beyond maxCascadeDepth and names the chain', async () => {
    const error = await errorOf<DispatchError>(() =>
      new AirlockRuntime({ maxCascadeDepth: 2 }).run({}, () => step(0)),
    );
    expect(sent).toEqual(['0', '1', '2']);
    expect(error.failures).toHaveLength(1);
    const cause = error.failures[0]!.error as CascadeDepthError;
    expect(cause).toBeInstanceOf(CascadeDepthError);
    expect(cause).toMatchObject({
      code: 'AIRLOCK_CASCADE_DEPTH',
      maxDepth: 2,
      chain: ['step 0', 'step 1', 'step 2', 'step 3'],
    });
    expect(cause.message).toBe(
      'Effects cascaded deeper than `maxCascadeDepth` (2): step 0 > step 1 > step 2 > step 3. Break the loop, or raise the limit.',
    );
  });

  it('goes 16 deep where nothing is said', async () => {
    await errorOf(() => runInScope(() => step(0)));
    expect(sent).toHaveLength(17);
  });

  it('counts a scope that an effect opens, too', async () => {
    const nested = (n: number): void =>
      enqueue(async () => {
        send(String(n));
        await runInScope(() => nested(n + 1));
      });
    await errorOf(() => new AirlockRuntime({ maxCascadeDepth: 1 }).run({}, () => nested(0)));
    expect(sent).toEqual(['0', '1']);
  });

  it('allows none at all for a limit of 0', async () => {
    await errorOf(() => new AirlockRuntime({ maxCascadeDepth: 0 }).run({}, () => step(0)));
    expect(sent).toEqual(['0']);
  });
});

describe('when each effect calls several others', () => {
  /** Two calls of each, without an end. */
  function fan(): void {
    send('out');
    enqueue(fan);
    enqueue(fan);
  }

  it('refuses the call beyond maxEffectsPerScope, names the chain and loses nothing buffered', async () => {
    const runtime = new AirlockRuntime({ maxEffectsPerScope: 5 });
    const error = await errorOf<DispatchError>(() =>
      runtime.run({ name: 'job' }, () => enqueue(fan)),
    );
    const refusals = error.failures.map((failure) => failure.error as BufferLimitError);
    for (const refusal of refusals) expect(refusal).toBeInstanceOf(BufferLimitError);
    expect(refusals[0]).toMatchObject({
      code: 'AIRLOCK_BUFFER_LIMIT',
      effect: 'fan',
      scope: 'job',
      limit: 5,
    });
    expect(refusals[0]!.chain!.every((name) => name === 'fan')).toBe(true);
    expect(refusals[0]!.message).toMatch(
      /^Effect "fan" was refused: effects that scope "job" lets out have called 5 effects in their turn, the limit of one flush: fan > .*fan\. What is buffered is kept\./,
    );
    // The first, and as many as it may lead to; those of an effect that failed are dropped with it.
    expect(sent.length).toBeGreaterThan(2);
    expect(sent.length).toBeLessThanOrEqual(6);
  });

  it('begins to count anew with each flush', async () => {
    const runtime = new AirlockRuntime({ maxEffectsPerScope: 4 });
    await runtime.run({ name: 'worker' }, async (scope) => {
      for (let i = 0; i < 10; i++) {
        enqueue(() => [1, 2, 3].forEach((text) => enqueue(send, `${i}.${text}`)));
        expect((await scope.checkpoint()).failed).toEqual([]);
      }
    });
    expect(sent).toHaveLength(30);
  });

  it('counts what scopes opened in effects hold', async () => {
    const runtime = new AirlockRuntime({ maxEffectsPerScope: 3 });
    const error = await errorOf<DispatchError>(() =>
      runtime.run({}, () =>
        enqueue(async () => {
          for (let i = 0; i < 2; i++)
            await runInScope(() => [1, 2].forEach(() => enqueue(send, 'inner')));
        }),
      ),
    );
    expect(error.failures[0]!.error).toBeInstanceOf(BufferLimitError);
  });
});

// Takes seconds, and a version of Node changes nothing about it.
const describeOnce = process.env['OTHER_NODE'] === undefined ? describe : describe.skip;

describeOnce('when effects that call three each go on for ever, with the bound by default', () => {
  it('ends in an error that says so, after as many as a scope may hold', async () => {
    let runs = 0;
    const three = (): void => {
      runs++;
      for (let i = 0; i < 3; i++) enqueue(three);
    };
    const error = await errorOf<DispatchError>(() => runInScope(() => enqueue(three)));
    expect(error.code).toBe('AIRLOCK_DISPATCH');
    expect(runs).toBeLessThanOrEqual(100_001);
  });
});
