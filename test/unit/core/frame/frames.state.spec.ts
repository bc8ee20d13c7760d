import { createHook } from 'node:async_hooks';
import { setImmediate } from 'node:timers/promises';
import {
  DispatchError,
  enqueue,
  enqueueWith,
  FrameStateError,
  trackTransactions,
  openFrame,
  openScope,
  runInScope,
  type TransactionFrame,
} from 'nestjs-airlock';
import { AirlockRuntime } from '../../../../lib/core/runtime.js';
import { frames } from '../../../../lib/core/frame/transaction-frame.js';
import { checkAfterEach, errorOf, fail, isCollected, send, sent, texts } from '../fixtures.js';

checkAfterEach();

describe('when a frame is ended wrongly', () => {
  it('refuses to end twice, and what was called in it keeps its fate', async () => {
    await runInScope(async () => {
      const root = openFrame({ name: 'orders' });
      root.run(() => enqueue(send, 'a'));
      await root.commit();
      const error = await errorOf<FrameStateError>(() => root.commit());
      expect(error).toBeInstanceOf(FrameStateError);
      expect(error).toMatchObject({
        code: 'AIRLOCK_FRAME_STATE',
        frame: 'orders',
        state: 'committed',
      });
      expect(error.message).toBe(
        'Frame "orders" cannot be committed: it is committed already. A frame ends once.',
      );
      expect(await errorOf(() => root.rollBack())).toBeInstanceOf(FrameStateError);
    });
    expect(sent).toEqual(['a']);
  });

  it('refuses to commit while a savepoint in it is open, so that the transaction is rolled back', async () => {
    const transaction = trackTransactions(
      async <T>(callback: (tx: undefined) => Promise<T>): Promise<T> => callback(undefined),
      () => openFrame({ name: 'orders' }),
    );
    await runInScope(async () => {
      const error = await errorOf(() =>
        transaction(async () => {
          const savepoint = frames.getStore()!.savepoint();
          savepoint.run(() => enqueue(send, 'a'));
        }),
      );
      expect(error).toBeInstanceOf(FrameStateError);
      expect(error.message).toContain('1 savepoint(s) in it are still open');
    });
    expect(sent).toEqual([]);
  });

  it('lets a savepoint end quietly that a rollback around it ended before', () => {
    const root = openFrame();
    const savepoint = root.savepoint();
    root.rollBack();
    savepoint.rollBack();
    root.rollBack();
    expect([root.state, savepoint.state]).toEqual(['rolledBack', 'rolledBack']);
  });

  it('refuses to commit a savepoint of a transaction that was rolled back', async () => {
    const root = openFrame();
    const savepoint = root.savepoint();
    root.rollBack();
    expect((await errorOf(() => savepoint.commit())).message).toContain(
      'it is rolled back already',
    );
  });

  it('refuses a savepoint where there are none', () => {
    const root = openFrame({ name: 'orders', savepoints: false });
    expect(() => root.savepoint()).toThrow(FrameStateError);
    expect(() => root.savepoint()).toThrow('Frame "orders" has no savepoints.');
  });
});

describe('when a transaction is left open at the end of the scope it was begun in', () => {
  it('is reported by name, its effects wait, and its commit lets them out', async () => {
    const reported: unknown[] = [];
    const runtime = new AirlockRuntime({ logError: (error) => void reported.push(error) });
    const root = await runtime.run({ name: 'request' }, async () => {
      const frame = openFrame({ name: 'orders' });
      frame.run(() => runtime.enqueue({}, send, ['a']));
      return frame;
    });
    expect(reported).toHaveLength(1);
    expect((reported[0] as Error).message).toContain(
      'Scope "request" ended while "orders", begun in it, is still open',
    );
    expect(sent).toEqual([]);
    await root.commit();
    expect(sent).toEqual(['a']);
  });

  it('says nothing of those that ended in time', async () => {
    const reported: unknown[] = [];
    const runtime = new AirlockRuntime({ logError: (error) => void reported.push(error) });
    await runtime.run({}, async () => {
      await openFrame().commit();
      openFrame().rollBack();
    });
    expect(reported).toEqual([]);
  });
});

describe('when a shutdown comes before the commit', () => {
  it('waits for what is deferred, and names it if the commit never comes', async () => {
    const runtime = new AirlockRuntime();
    const root = openFrame();
    await root.run(() =>
      runtime.run({ name: 'job' }, () => runtime.enqueue({ name: 'receipt' }, send, ['a'])),
    );
    const left = await runtime.shutdown(5);
    expect(left.map((unit) => [unit.label, texts(unit.pending())])).toEqual([['job', ['a']]]);
    await root.commit();
    expect(await runtime.shutdown(5)).toEqual([]);
  });
});

describe('when an effect that was deferred fails', () => {
  it('is told to whom the scope would have told it, and the commit stands', async () => {
    const told: DispatchError[] = [];
    const root = openFrame();
    await root.run(() =>
      runInScope({ onDispatchError: (error) => void told.push(error) }, () => enqueue(fail, 'a')),
    );
    await root.commit();
    expect(
      told.map((error) => error.failures.map(({ error: cause }) => (cause as Error).message)),
    ).toEqual([['a']]);
  });

  it('is reported where the scope would have thrown', async () => {
    const reported: unknown[] = [];
    const runtime = new AirlockRuntime({ logError: (error) => void reported.push(error) });
    const root = openFrame();
    await root.run(() =>
      runtime.run({ onDispatchError: 'throw' }, () => runtime.enqueue({}, fail, ['a'])),
    );
    await root.commit();
    expect(reported).toEqual([expect.any(DispatchError)]);
  });
});

describe('when an effect runs', () => {
  it('stands in no transaction, wherever it was called or let out', async () => {
    const seen: unknown[] = [];
    const look = (): void => void seen.push(frames.getStore());
    const root = openFrame();
    await root.run(async () => {
      const scope = openScope();
      scope.run(() => enqueueWith({ survivesRollback: true }, look));
      await scope.end('completed');
      await runInScope(() => enqueue(look));
    });
    await root.run(() => root.commit());
    expect(seen).toEqual([undefined, undefined]);
  });

  it('may use transactions of its own, and loses what it enqueued in one that rolled back', async () => {
    const transaction = trackTransactions(
      async <T>(callback: (tx: undefined) => Promise<T>): Promise<T> => callback(undefined),
      () => openFrame(),
    );
    await runInScope(() =>
      enqueue(async () => {
        await transaction(async () => (enqueue(send, 'a'), Promise.reject(new Error('no')))).catch(
          () => {},
        );
        await transaction(async () => enqueue(send, 'b'));
      }),
    );
    expect(sent).toEqual(['b']);
  });
});

describe('when transactions follow each other in one context that nobody leaves', () => {
  it('keeps none of those that have ended', () => {
    frames.run(undefined, () => {
      for (let i = 0; i < 3; i++) {
        const frame = openFrame();
        frame.enter();
        frame.rollBack();
      }
      expect(openFrame().around).toBeUndefined();
    });
  });
});

describe('when a transaction whose effect waits for its scope commits', () => {
  it('awaits nothing, and the effect gets out with the scope', async () => {
    let promises = 0;
    const hook = createHook({
      init(_id, type) {
        if (type === 'PROMISE') promises++;
      },
    });
    await runInScope(async () => {
      const frame = openFrame({ isStillOpen: () => true });
      frame.run(() => enqueue(send, 'a'));
      await setImmediate();
      hook.enable();
      await frame.beforeCommit();
      await frame.commit();
      hook.disable();
    });
    // That of each call, and that of its `await`.
    expect(promises).toBeLessThanOrEqual(4);
    expect(sent).toEqual(['a']);
  });

  it('stays open where its adapter cannot tell, and answers with nothing', async () => {
    await runInScope(async () => {
      const frame = openFrame({ isStillOpen: async () => undefined as unknown as boolean });
      frame.run(() => enqueue(send, 'a'));
      await frame.beforeCommit();
      await frame.commit();
    });
    expect(sent).toEqual(['a']);
  });

  it('is rolled back where it is not open any more', async () => {
    await runInScope(async () => {
      const frame = openFrame({ isStillOpen: () => false });
      frame.run(() => enqueue(send, 'a'));
      await frame.beforeCommit();
      expect(frame.state).toBe('rolledBack');
    });
    expect(sent).toEqual([]);
  });
});

describe('when a library suspends its transaction', () => {
  it('leaves calls made meanwhile to the frame around it', async () => {
    let isSuspended = false;
    await runInScope(async () => {
      const root = openFrame({ isCurrent: () => !isSuspended });
      root.run(() => {
        enqueue(send, 'inside');
        isSuspended = true;
        enqueue(send, 'suspended');
        isSuspended = false;
      });
      root.rollBack();
    });
    expect(sent).toEqual(['suspended']);
  });
});

describe('when a transaction is begun by a statement', () => {
  it('covers the rest of the function that entered it, until that leaves it', async () => {
    await runInScope(async () => {
      enqueue(send, 'before');
      const root = openFrame();
      root.enter();
      enqueue(send, 'inside 1');
      await setImmediate();
      enqueue(send, 'inside 2');
      root.rollBack();
      root.leave();
      enqueue(send, 'after');
    });
    expect(sent).toEqual(['before', 'after']);
  });
});

describe("when a test's own transaction counts as committed", () => {
  it('lets effects out as if it were not there, and treats its savepoints as transactions', async () => {
    const around = openFrame({ countsAsCommitted: true });
    await around.run(async () => {
      await runInScope(async () => {
        enqueue(send, 'plain');
        const first = around.savepoint();
        first.run(() => enqueue(send, 'committed'));
        await first.commit();
        const second = around.savepoint();
        second.run(() => enqueue(send, 'rolled back'));
        second.rollBack();
      });
      expect(sent).toEqual(['plain', 'committed']);
    });
    around.rollBack();
    expect(sent).toEqual(['plain', 'committed']);
  });
});

describe('when a transaction has ended', () => {
  it('lets nobody write through what was its connection', async () => {
    const root = openFrame({
      name: 'orders',
      connection: { executeSql: async () => ({ rows: [] }) },
    });
    await root.connection!.executeSql('insert');
    await root.commit();
    const error = await errorOf(() => root.connection!.executeSql('insert'));
    expect(error).toMatchObject({
      code: 'AIRLOCK_FRAME_STATE',
      frame: 'orders',
      state: 'committed',
    });
    expect(error.message).toBe(
      'Nothing can be written through "orders": its transaction is completed.',
    );
  });

  it('still tells a savepoint that outlives the one around it whether it is current', async () => {
    let isCurrent = true;
    await runInScope(async (scope) => {
      const root = openFrame({ isCurrent: () => isCurrent });
      const middle = root.savepoint();
      const inner = middle.savepoint();
      await middle.commit();
      inner.run(() => enqueue(send, 'lost'));
      isCurrent = false;
      inner.run(() => enqueue(send, 'kept'));
      inner.rollBack();
      root.rollBack();
      expect(texts(scope.intents)).toEqual(['kept']);
    });
    expect(sent).toEqual(['kept']);
  });

  it('keeps its connection no longer, though a dedupe key of the scope remembers it', async () => {
    const scope = openScope();
    const transact = async (): Promise<WeakRef<object>> => {
      const connection = { executeSql: async () => ({ rows: [] }) };
      const root = openFrame({ connection });
      scope.run(() => root.run(() => enqueueWith({ dedupeKey: 'k' }, send, 'a')));
      await root.commit();
      return new WeakRef(connection);
    };
    expect(await isCollected(await transact())).toBe(true);
    await scope.end('completed');
  });

  it('keeps no call that was made before it began', async () => {
    const kept: TransactionFrame[] = [];
    class Order {}
    const transact = async (): Promise<WeakRef<object>> => {
      const order = new Order();
      await runInScope(async () => {
        enqueue((_order: Order) => {}, order);
        const root = openFrame();
        kept.push(root);
        await root.commit();
      });
      return new WeakRef(order);
    };
    expect(await isCollected(await transact())).toBe(true);
    expect(kept).toHaveLength(1);
  });
});
