import {
  enqueue,
  enqueueWith,
  type FrameOptions,
  openFrame,
  runInScope,
  type TransactionFrame,
} from 'nestjs-airlock';
import { AirlockRuntime } from '../../../../lib/core/runtime.js';
import { checkAfterEach, send, sent } from '../fixtures.js';

checkAfterEach();

/** Begins a transaction in an asynchronous function that others await. */
function begun(options?: FrameOptions): Promise<TransactionFrame> {
  return entered(() => openFrame(options));
}

async function entered(open: () => TransactionFrame): Promise<TransactionFrame> {
  await Promise.resolve();
  const frame = open();
  frame.enter();
  return frame;
}

/** Ends it as a client does, whoever asks for that. */
function rollBack(frame: TransactionFrame): void {
  frame.leave();
  frame.rollBack();
}

describe('when a helper has begun a transaction that is rolled back', () => {
  it('drops calls of its caller and of scopes nested there, and none from before or after', async () => {
    await runInScope(async () => {
      enqueue(send, 'before');
      const frame = await begun();
      enqueue(send, 'caller');
      await runInScope(() => enqueue(send, 'nested'));
      rollBack(frame);
      enqueue(send, 'after');
    });
    expect(sent).toEqual(['before', 'after']);
  });

  it('leaves what another transaction decides about to that one', async () => {
    await runInScope(async () => {
      const frame = await begun();
      const other = openFrame();
      other.run(() => enqueue(send, 'other'));
      rollBack(frame);
      await other.commit();
    });
    expect(sent).toEqual(['other']);
  });

  it('leaves calls that outlive a rollback, and those for a failure, to the scope', async () => {
    await runInScope({ shouldFlush: () => true }, async () => {
      const frame = await begun();
      enqueueWith({ survivesRollback: true }, send, 'survivor');
      enqueueWith({ on: 'always' }, send, 'always');
      enqueueWith({ on: 'failure' }, send, 'alarm');
      rollBack(frame);
      throw new Error('no stock');
    }).catch(() => {});
    expect(sent).toEqual(['survivor', 'always', 'alarm']);
  });

  it('takes no calls of a test from the transaction around it', async () => {
    await runInScope(async () => {
      const frame = await begun({ countsAsCommitted: true });
      enqueue(send, 'in the test');
      rollBack(frame);
    });
    expect(sent).toEqual(['in the test']);
  });

  it('names in a warning all calls that may be another’s, also those before a savepoint', async () => {
    const warn = jest.fn();
    await new AirlockRuntime({ warn }).run({}, async () => {
      const [frame, other] = [await begun(), await begun()];
      enqueueWith({ name: 'tea' }, send, 'tea');
      const savepoint = await entered(() => frame.savepoint());
      enqueueWith({ name: 'soup' }, send, 'soup');
      rollBack(savepoint);
      rollBack(frame);
      rollBack(other);
    });
    expect(sent).toEqual(['tea', 'soup']);
    for (const call of [1, 2])
      expect(warn).toHaveBeenNthCalledWith(call, expect.stringContaining('called tea, soup while'));
  });

  it('takes no calls for one that a function begins and ends itself', async () => {
    await runInScope(async () => {
      let resume = (): void => {};
      const work = (async () => {
        const frame = await begun();
        frame.enter();
        await new Promise<void>((resolve) => (resume = resolve));
        rollBack(frame);
      })();
      await new Promise((resolve) => setImmediate(resolve));
      enqueue(send, 'beside it');
      resume();
      await work;
    });
    expect(sent).toEqual(['beside it']);
  });
});
