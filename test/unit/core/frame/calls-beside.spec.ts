import {
  enqueue,
  enqueueWith,
  type FrameOptions,
  openFrame,
  runInScope,
  type TransactionFrame,
} from 'nestjs-airlock';
import { checkAfterEach, send, sent } from '../fixtures.js';

checkAfterEach();

/** Begins a transaction in an asynchronous function that others await. */
async function begun(options?: FrameOptions): Promise<TransactionFrame> {
  await Promise.resolve();
  const frame = openFrame(options);
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
