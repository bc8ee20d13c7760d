import { setImmediate } from 'node:timers/promises';
import {
  type DispatchResult,
  enqueue,
  enqueueWith,
  type Executor,
  type FlushReport,
  type Intent,
  MissingResultError,
  openScope,
  type ScopeOptions,
} from 'nestjs-airlock';
import { AirlockRuntime } from '../../../../lib/core/runtime.js';
import { checkAfterEach, fail, send, sent, texts } from '../fixtures.js';

checkAfterEach();

type Answer = (intents: readonly Intent[]) => Promise<readonly DispatchResult[]>;

const everyGood: Answer = async (intents) => intents.map((intent) => ({ intent }));

class Batches implements Executor {
  readonly seen: unknown[][] = [];
  constructor(private readonly answer: Answer = everyGood) {}
  execute(): never {
    throw new Error('`execute` was called although there is `executeBatch`.');
  }
  async executeBatch(intents: readonly Intent[]): Promise<readonly DispatchResult[]> {
    this.seen.push(texts(intents));
    return this.answer(intents);
  }
}

async function flush(work: () => void, options: ScopeOptions): Promise<FlushReport> {
  const scope = openScope(options);
  scope.run(work);
  scope.close();
  return scope.flush();
}

function failures({ failed }: FlushReport): unknown[] {
  return failed.map(({ intent, error }) => [intent.args[0], (error as Error).message]);
}

const abc = (): void => ['a', 'b', 'c'].forEach((text) => enqueue(send, text));

describe('when consecutive intents have an executor that takes batches', () => {
  it('hands them over as one batch', async () => {
    const executor = new Batches();
    const report = await flush(abc, { executor });
    expect(executor.seen).toEqual([['a', 'b', 'c']]);
    expect(texts(report.dispatched)).toEqual(['a', 'b', 'c']);
  });

  it('starts another batch after an intent of another executor', async () => {
    const executor = new Batches();
    const order: string[] = [];
    const runtime = new AirlockRuntime({
      executor: new Batches(
        async (intents) => (order.push(...intents.map(({ id }) => id)), everyGood(intents)),
      ),
      executors: { single: (intent) => void order.push(intent.id), batch: executor },
    });
    const scope = runtime.open();
    scope.run(() => {
      enqueueWith({ executor: 'batch' }, send, 'a');
      enqueueWith({ executor: 'batch' }, send, 'b');
      enqueueWith({ executor: 'single' }, send, 'c');
      enqueueWith({ executor: 'batch' }, send, 'd');
      enqueue(send, 'e');
    });
    const ids = scope.intents.map(({ id }) => id);
    scope.close();
    const report = await scope.flush();
    expect(executor.seen).toEqual([['a', 'b'], ['d']]);
    expect(order).toEqual([ids[2], ids[4]]);
    expect(texts(report.dispatched)).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  it('says which batches belong to one flush', async () => {
    const flushes: object[] = [];
    const executor: Executor = {
      execute: () => {},
      executeBatch: async (intents, { flush: identity }) => {
        flushes.push(identity);
        return intents.map((intent) => ({ intent }));
      },
    };
    const runtime = new AirlockRuntime({ executor, executors: { other: () => {} } });
    for (let i = 0; i < 2; i++) {
      await runtime.run({}, () => {
        runtime.enqueue({}, send, ['a']);
        runtime.enqueue({ executor: 'other' }, send, ['b']);
        runtime.enqueue({}, send, ['c']);
      });
    }
    expect(flushes.map((identity) => flushes.indexOf(identity))).toEqual([0, 0, 2, 2]);
  });

  it('leaves out what a policy drops and does not call the executor for nothing', async () => {
    const executor = new Batches();
    const no = { allows: async () => (await setImmediate(), false) };
    const report = await flush(
      () => {
        enqueue(send, 'a');
        enqueueWith({ policy: no }, send, 'b');
        enqueue(send, 'c');
      },
      { executor },
    );
    expect(executor.seen).toEqual([['a', 'c']]);
    expect(report.dropped.map(({ intent, policy }) => [intent.args[0], policy])).toEqual([
      ['b', no],
    ]);
    await flush(abc, { executor, policy: no });
    expect(executor.seen).toHaveLength(1);
  });

  it('hands over a list that cannot be changed', async () => {
    const executor = new Batches(
      async (intents) => ((intents as Intent[]).pop(), everyGood(intents)),
    );
    const report = await flush(abc, { executor });
    expect(report.failed.map(({ error }) => error)).toEqual(
      [1, 2, 3].map(() => expect.any(TypeError)),
    );
  });
});

describe('when a batch ends in part', () => {
  it('reports the intents whose result carries an error', async () => {
    const executor = new Batches(async (intents) =>
      intents.map((intent, i) => (i === 1 ? { intent, error: new Error('refused') } : { intent })),
    );
    const report = await flush(abc, { executor });
    expect(failures(report)).toEqual([['b', 'refused']]);
    expect(texts(report.dispatched)).toEqual(['a', 'c']);
  });

  it('takes one whose error is undefined as sent', async () => {
    const executor = new Batches(async (intents) =>
      intents.map((intent) => ({ intent, error: undefined })),
    );
    const report = await flush(() => enqueue(send, 'a'), { executor });
    expect([texts(report.dispatched), report.failed]).toEqual([['a'], []]);
  });

  it('takes results in any order for the intents they name', async () => {
    const executor = new Batches(async ([a, b, c]) => [
      { intent: c!, error: new Error('for c') },
      { intent: a! },
      { intent: b! },
    ]);
    const report = await flush(abc, { executor });
    expect(failures(report)).toEqual([['c', 'for c']]);
    expect(texts(report.dispatched)).toEqual(['a', 'b']);
  });

  it('counts a missing result as a failure, and says whose', async () => {
    const executor = new Batches(async ([a, , c]) => [{ intent: a! }, { intent: c! }]);
    const report = await flush(abc, { executor });
    const [failure] = report.failed;
    expect(report.failed).toHaveLength(1);
    expect(failure!.intent.args[0]).toBe('b');
    expect(failure!.error).toBeInstanceOf(MissingResultError);
    expect(failure!.error).toMatchObject({
      code: 'AIRLOCK_MISSING_RESULT',
      executor: 'Batches',
      effect: 'send',
    });
    expect((failure!.error as Error).message).toBe(
      'Executor "Batches" gave no result for effect "send". `executeBatch` must resolve to one `{ intent, error? }` per intent, in order.',
    );
  });

  it('drops what follows in failFast', async () => {
    const executor = new Batches(async (intents) =>
      intents.map((intent) => ({ intent, error: new Error('down') })),
    );
    const runtime = new AirlockRuntime({ executors: { batch: executor } });
    const scope = runtime.open({ dispatchMode: 'failFast' });
    scope.run(() => {
      enqueueWith({ executor: 'batch' }, send, 'a');
      enqueue(send, 'b');
    });
    scope.close();
    const report = await scope.flush();
    expect(sent).toEqual([]);
    expect(report.dropped.map(({ intent, reason }) => [intent.args[0], reason])).toEqual([
      ['b', 'failFast'],
    ]);
  });

  it('drops the rest of the batch in failFast when a policy throws for one of them', async () => {
    const executor = new Batches();
    const report = await flush(
      () => {
        enqueueWith({ policy: { allows: () => fail('policy broke') as never } }, send, 'a');
        enqueue(send, 'b');
      },
      { executor, dispatchMode: 'failFast' },
    );
    expect(failures(report)).toEqual([['a', 'policy broke']]);
    expect(report.dropped.map(({ intent, reason }) => [intent.args[0], reason])).toEqual([
      ['b', 'failFast'],
    ]);
    expect(executor.seen).toEqual([]);
  });
});

describe.each<[string, Answer]>([
  ['rejects', () => Promise.reject(new Error('down'))],
  ['throws at once', () => fail('down') as never],
])('when executeBatch %s', (_, answer) => {
  it('reports every intent of the batch as failed and goes on', async () => {
    const runtime = new AirlockRuntime({
      executors: { batch: { execute: send, executeBatch: answer } as never },
    });
    const scope = runtime.open();
    scope.run(() => {
      enqueueWith({ executor: 'batch' }, send, 'a');
      enqueueWith({ executor: 'batch' }, send, 'b');
      enqueue(send, 'c');
    });
    scope.close();
    const report = await scope.flush();
    expect(failures(report)).toEqual([
      ['a', 'down'],
      ['b', 'down'],
    ]);
    expect(sent).toEqual(['c']);
  });
});

describe('when executeBatch resolves to something that is no list of results', () => {
  it.each([[undefined], [null], [7], [[undefined, undefined, undefined]]])(
    'reports every intent as failed for %p',
    async (answer) => {
      const report = await flush(abc, { executor: new Batches(async () => answer as never) });
      expect(report.dispatched).toEqual([]);
      expect(report.failed.map(({ intent }) => intent.args[0])).toEqual(['a', 'b', 'c']);
    },
  );
});

describe('when a batch enqueues', () => {
  const runWith = (answer: Answer): Promise<FlushReport> => {
    const runtime = new AirlockRuntime({
      executors: { batch: { execute: send, executeBatch: answer } as never },
    });
    const scope = runtime.open();
    scope.run(() => {
      enqueueWith({ executor: 'batch' }, send, 'a');
      enqueueWith({ executor: 'batch' }, send, 'b');
      enqueue(send, 'c');
    });
    scope.close();
    return scope.flush();
  };

  it('lets the cascade out right after the batch, in a scope of its own', async () => {
    const report = await runWith(async (intents) => (enqueue(send, 'cascade'), everyGood(intents)));
    expect(sent).toEqual(['cascade', 'c']);
    expect(texts(report.dispatched)).toEqual(['a', 'b', 'cascade', 'c']);
  });

  it('drops the cascade of a batch that rejects', async () => {
    const report = await runWith(async () => (enqueue(send, 'cascade'), fail('down') as never));
    expect(sent).toEqual(['c']);
    expect(report.dropped.map(({ intent, reason }) => [intent.args[0], reason])).toEqual([
      ['cascade', 'outcome'],
    ]);
  });
});
