import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import {
  type AirlockMessage,
  DispatchError,
  enqueue,
  enqueueWith,
  type Executor,
  trackTransactions,
  openFrame,
  openScope,
  runInScope,
  type TransactionFrame,
} from 'nestjs-airlock';
import { AirlockRuntime } from '../../../../lib/core/runtime.js';
import { frames } from '../../../../lib/core/frame/transaction-frame.js';
import { checkAfterEach, errorOf, send, sent, texts } from '../fixtures.js';

checkAfterEach();

const writer = (rows: string[] = [], breaks = false): Executor => ({
  transactional: true,
  execute: async (intent) => {
    await frames.getStore()!.connection!.executeSql('insert', [intent.args[0]]);
    if (breaks) throw new Error('disk full');
    rows.push(String(intent.args[0]));
  },
});
const connection = { executeSql: async () => ({ rows: [] }) };

function refuse(): never {
  throw new Error('policy');
}

describe('when an executor is transactional', () => {
  it('writes just before the commit, inside the transaction, and not again with the scope', async () => {
    const rows: string[] = [];
    await runInScope({ executor: writer(rows) }, async (scope) => {
      const root = openFrame({ connection });
      root.run(() => enqueue(send, 'a'));
      await root.beforeCommit();
      expect(rows).toEqual(['a']);
      await root.commit();
      expect(scope.intents).toEqual([]);
    });
    expect(rows).toEqual(['a']);
  });

  it('writes nothing of a savepoint that was rolled back, and nothing that a policy drops', async () => {
    const rows: string[] = [];
    const policy = {
      allows: (intent: { args: readonly unknown[] }) => intent.args[0] !== 'forbidden',
    };
    const scope = openScope({ executor: writer(rows), policy });
    await scope.run(async () => {
      const root = openFrame({ connection });
      const savepoint = root.savepoint();
      savepoint.run(() => enqueue(send, 'rolled back'));
      savepoint.rollBack();
      root.run(() => (enqueue(send, 'kept'), enqueue(send, 'forbidden')));
      await root.beforeCommit();
      await root.commit();
    });
    expect(rows).toEqual(['kept']);
    const report = await scope.end('completed');
    expect(texts(report.dispatched)).toEqual(['kept']);
    expect(report.dropped.map(({ intent, reason }) => [intent.args[0], reason])).toEqual([
      ['rolled back', 'rollback'],
      ['forbidden', 'policy'],
    ]);
  });

  describe('and somebody listens to what becomes of its effects', () => {
    const heard: string[] = [];
    const names = ['airlock:dispatch', 'airlock:drop', 'airlock:fail'] as const;
    const listeners = names.map((name) => {
      const listener = (message: unknown): void => {
        const { intent, reason } = message as AirlockMessage;
        heard.push(
          [name.slice(8), intent!.args[0], ...(reason === undefined ? [] : [reason])].join(' '),
        );
      };
      return [name, listener] as const;
    });
    beforeEach(() => {
      heard.length = 0;
      for (const [name, listener] of listeners) subscribe(name, listener);
    });
    afterEach(() => listeners.forEach(([name, listener]) => unsubscribe(name, listener)));

    it('tells what it wrote as out when the transaction has committed, and how long the write took', async () => {
      const messages: AirlockMessage[] = [];
      const keep = (message: unknown): void => void messages.push(message as AirlockMessage);
      subscribe('airlock:dispatch', keep);
      await runInScope({ executor: writer() }, async () => {
        const root = openFrame({ connection });
        root.run(() => enqueue(send, 'a'));
        await root.beforeCommit();
        expect(heard).toEqual([]);
        await root.commit();
        expect(heard).toEqual(['dispatch a']);
      });
      unsubscribe('airlock:dispatch', keep);
      expect(heard).toEqual(['dispatch a']);
      expect(messages[0]!.durationMs).toEqual(expect.any(Number));
    });

    it('tells what it wrote as dropped, and as nothing else, where the COMMIT fails', async () => {
      await runInScope({ executor: writer() }, async () => {
        const root = openFrame({ connection });
        root.run(() => enqueue(send, 'a'));
        await root.beforeCommit();
        root.rollBack();
      });
      expect(heard).toEqual(['drop a rollback']);
    });

    it('tells a write that failed as failed once, and those before it as dropped', async () => {
      const executor: Executor = {
        transactional: true,
        execute: async ({ args: [text] }) => {
          if (text === 'b') throw new Error('disk full');
        },
      };
      const policy = {
        allows: ({ args: [text] }: { args: readonly unknown[] }) => text !== 'forbidden',
      };
      await runInScope({ executor, policy }, async () => {
        const root = openFrame({ connection });
        root.run(() => ['a', 'forbidden', 'b'].forEach((text) => enqueue(send, text)));
        expect(await errorOf(() => root.beforeCommit())).toBeInstanceOf(DispatchError);
        root.rollBack();
      });
      expect(heard.toSorted()).toEqual(['drop a rollback', 'drop forbidden policy', 'fail b']);
    });
  });

  it('rolls the transaction back if a write fails', async () => {
    const transaction = trackTransactions(
      async <T>(callback: (tx: undefined) => Promise<T>): Promise<T> => callback(undefined),
      () => openFrame({ connection }),
    );
    await runInScope({ executor: writer([], true) }, async () => {
      const error = await errorOf(() => transaction(async () => enqueue(send, 'a')));
      expect(error).toBeInstanceOf(DispatchError);
    });
    expect(sent).toEqual([]);
  });

  it('says that what it wrote was dropped when the commit fails', async () => {
    const scope = openScope({ executor: writer([]) });
    await scope.run(async () => {
      const root = openFrame({ connection });
      root.run(() => enqueue(send, 'a'));
      await root.beforeCommit();
      root.rollBack();
    });
    const report = await scope.end('completed');
    expect([texts(report.dispatched), report.dropped.map(({ reason }) => reason)]).toEqual([
      [],
      ['rollback'],
    ]);
  });

  it('tells what each of two transactions at once has written, and which of them was in vain', async () => {
    const scope = openScope({ executor: writer([]) });
    await scope.run(async () => {
      const [kept, lost] = [openFrame({ connection }), openFrame({ connection })];
      kept.run(() => enqueue(send, 'kept'));
      lost.run(() => enqueue(send, 'lost'));
      await kept.beforeCommit();
      await lost.beforeCommit();
      await kept.commit();
      lost.rollBack();
    });
    const report = await scope.end('completed');
    expect(texts(report.dispatched)).toEqual(['kept']);
    expect(report.dropped.map(({ intent, reason }) => [intent.args[0], reason])).toEqual([
      ['lost', 'rollback'],
    ]);
  });

  it('goes out with the scope where no transaction is open', async () => {
    const rows: string[] = [];
    const executor: Executor = {
      transactional: true,
      execute: (intent) => void rows.push(String(intent.args[0])),
    };
    await runInScope({ executor }, () => enqueue(send, 'a'));
    expect(rows).toEqual(['a']);
  });

  it('keeps what a policy lost, and the transaction, where the policy throws', async () => {
    const policy = {
      allows: (intent: { args: readonly unknown[] }) => intent.args[0] !== 'odd' || refuse(),
    };
    const rows: string[] = [];
    const scope = openScope({ executor: writer(rows), policy });
    await scope.run(async () => {
      const root = openFrame({ connection });
      root.run(() => (enqueue(send, 'odd'), enqueue(send, 'even')));
      await root.beforeCommit();
      await root.commit();
    });
    const report = await scope.end('completed');
    expect([rows, texts(report.dispatched)]).toEqual([['even'], ['even']]);
    expect(report.failed).toEqual([
      { intent: expect.anything(), error: new Error('policy'), policy },
    ]);
  });

  it('reports such a policy at once where the scope has ended', async () => {
    const reported: unknown[] = [];
    const runtime = new AirlockRuntime({
      executor: writer(),
      policy: { allows: refuse },
      logError: (error) => void reported.push(error),
    });
    const root = openFrame({ connection });
    await runtime.run({}, () => root.run(() => runtime.enqueue({}, send, ['a'])));
    await root.beforeCommit();
    expect(reported).toEqual([expect.any(DispatchError)]);
    await root.commit();
    expect(reported).toHaveLength(1);
  });

  it('says that what could not be written was rolled back', async () => {
    const scope = openScope({ executor: writer([], true) });
    await scope.run(async () => {
      const root = openFrame({ connection });
      root.run(() => enqueue(send, 'a'));
      expect(await errorOf(() => root.beforeCommit())).toBeInstanceOf(DispatchError);
      root.rollBack();
    });
    const report = await scope.end('completed');
    expect(report.dropped.map(({ intent, reason }) => [intent.args[0], reason])).toEqual([
      ['a', 'rollback'],
    ]);
    expect([report.dispatched, report.failed]).toEqual([[], []]);
  });

  it.each([1, 2])(
    'writes nothing after a write that has failed, %i at a time: the server may have ended the transaction',
    async (concurrency) => {
      const tried: unknown[] = [];
      const executor: Executor = {
        transactional: true,
        concurrency,
        execute: async ({ args: [text] }) => {
          tried.push(text);
          if (text === 'b') throw new Error('deadlock');
          await new Promise(setImmediate);
        },
      };
      const scope = openScope({ executor });
      await scope.run(async () => {
        const root = openFrame({ connection });
        root.run(() => ['a', 'b', 'c'].forEach((text) => enqueue(send, text)));
        const { failures } = await errorOf<DispatchError>(() => root.beforeCommit());
        expect(failures).toHaveLength(1);
        root.rollBack();
      });
      expect(tried).toEqual(['a', 'b']);
      const { dropped } = await scope.end('completed');
      expect(dropped.map(({ reason }) => reason)).toEqual(['rollback', 'rollback', 'rollback']);
    },
  );

  it.each([
    ['a transaction of its own', 'independent'],
    ['none', 'independent'],
  ])(
    'takes a key for used once it was committed, with another call under it in %s',
    async (where, expected) => {
      const rows: string[] = [];
      await runInScope({ executor: writer(rows) }, async () => {
        const outer = openFrame({ connection });
        outer.run(() => enqueueWith({ dedupeKey: 'k' }, send, 'outer'));
        if (where === 'none') enqueueWith({ dedupeKey: 'k' }, send, 'outside');
        const independent = openFrame({ connection });
        independent.run(() => enqueueWith({ dedupeKey: 'k' }, send, 'independent'));
        await independent.beforeCommit();
        await independent.commit();
        await outer.beforeCommit();
        await outer.commit();
      });
      expect(rows).toEqual([expected]);
    },
  );

  it('writes a key again if the first to write it was rolled back', async () => {
    const rows: string[] = [];
    await runInScope({ executor: writer(rows) }, async () => {
      for (const attempt of ['first', 'second']) {
        const root = openFrame({ connection });
        root.run(() => enqueueWith({ dedupeKey: 'k' }, send, attempt));
        await root.beforeCommit();
        if (attempt === 'first') root.rollBack();
        else await root.commit();
      }
    });
    expect(rows).toEqual(['first', 'second']);
  });

  describe('and two transactions that are about to commit at once have called one effect under one key', () => {
    const both =
      (end: (first: TransactionFrame, second: TransactionFrame) => Promise<void>) => async () => {
        const rows: string[] = [];
        const scope = openScope({ executor: writer(rows, false) });
        const [first, second] = [openFrame({ connection }), openFrame({ connection })];
        scope.run(() => {
          first.run(() => enqueueWith({ dedupeKey: 'k' }, send, 'first'));
          second.run(() => enqueueWith({ dedupeKey: 'k' }, send, 'second'));
        });
        await first.beforeCommit();
        await second.beforeCommit();
        await end(first, second);
        return { rows, report: await scope.end('completed') };
      };

    it('writes one', async () => {
      const { rows, report } = await both(async (first, second) => {
        await first.commit();
        await second.commit();
      })();
      expect(rows).toEqual(['first']);
      expect(texts(report.dispatched)).toEqual(['first']);
      expect(report.dropped.map(({ intent, reason }) => [intent.args[0], reason])).toEqual([
        ['second', 'duplicate'],
      ]);
    });

    it('writes one if the second is done first', async () => {
      const { rows, report } = await both(async (first, second) => {
        await second.commit();
        await first.commit();
      })();
      expect([rows, texts(report.dispatched)]).toEqual([['first'], ['first']]);
      expect(report.dropped.map(({ reason }) => reason)).toEqual(['duplicate']);
    });

    it('drops the second with its transaction', async () => {
      const { rows, report } = await both(async (first, second) => {
        second.rollBack();
        await first.commit();
      })();
      expect(rows).toEqual(['first']);
      expect(report.dropped.map(({ intent, reason }) => [intent.args[0], reason])).toEqual([
        ['second', 'rollback'],
      ]);
    });

    it('lets the second out after its commit if the first is rolled back instead', async () => {
      const out: string[] = [];
      const executor: Executor = {
        transactional: true,
        execute: (intent) => void out.push(String(intent.args[0])),
      };
      for (const order of ['first', 'second']) {
        out.length = 0;
        const scope = openScope({ executor });
        const [first, second] = [openFrame({ connection }), openFrame({ connection })];
        scope.run(() => {
          first.run(() => enqueueWith({ dedupeKey: 'k' }, send, 'first'));
          second.run(() => enqueueWith({ dedupeKey: 'k' }, send, 'second'));
        });
        await first.beforeCommit();
        await second.beforeCommit();
        if (order === 'second') await second.commit();
        first.rollBack();
        if (order === 'first') await second.commit();
        const { dispatched, dropped } = await scope.end('completed');
        expect(out).toEqual(['first', 'second']);
        expect(texts(dispatched)).toEqual(['second']);
        expect(dropped.map(({ intent, reason }) => [intent.args[0], reason])).toEqual([
          ['first', 'rollback'],
        ]);
      }
    });

    it('says that the second waits where the scope ends first, and lets no other out under the key meanwhile', async () => {
      const rows: string[] = [];
      const scope = openScope({ executor: writer(rows) });
      const [first, second] = [openFrame({ connection }), openFrame({ connection })];
      scope.run(() => {
        first.run(() => enqueueWith({ dedupeKey: 'k' }, send, 'first'));
        second.run(() => enqueueWith({ dedupeKey: 'k' }, send, 'second'));
        enqueueWith({ dedupeKey: 'k' }, send, 'free');
      });
      await first.beforeCommit();
      await second.beforeCommit();
      const report = await scope.end('completed');
      expect([texts(report.deferred), report.dispatched, report.dropped]).toEqual([
        ['second', 'free'],
        [],
        [],
      ]);
      await second.commit();
      await first.commit();
      expect(rows).toEqual(['first']);
    });
  });

  it('commits with more effects than a call takes arguments', async () => {
    const executor: Executor = {
      transactional: true,
      execute: () => {},
      executeBatch: async (intents) => intents.map((intent) => ({ intent })),
    };
    const runtime = new AirlockRuntime({ executor, maxEffectsPerScope: 200_000 });
    const scope = runtime.open();
    const root = openFrame({ connection });
    scope.run(() =>
      root.run(() => Array.from({ length: 150_000 }, () => runtime.enqueue({}, send, ['a']))),
    );
    await root.beforeCommit();
    await root.commit();
    expect((await scope.end('completed')).dispatched).toHaveLength(150_000);
  });
});
