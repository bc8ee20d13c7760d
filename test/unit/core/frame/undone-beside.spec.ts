import { enqueueWith, openFrame, runInScope, type TransactionFrame } from 'nestjs-airlock';
import { AirlockRuntime } from '../../../../lib/core/runtime.js';
import { checkAfterEach, send, sent } from '../fixtures.js';

checkAfterEach();

const call = (name: string): void => enqueueWith({ name }, send, name);

/** Works in a transaction that commits. */
async function warnings(work: (root: TransactionFrame) => void | Promise<void>): Promise<string[]> {
  const told: string[] = [];
  const warn = (message: string): void => void told.push(message);
  await new AirlockRuntime({ warn }).run({}, async () => {
    const root = openFrame();
    await root.run(() => work(root));
    await root.commit();
  });
  return told;
}

describe('when the rollback of a savepoint drops effects', () => {
  it('warns of those that were called in a savepoint in it, taken by a statement', async () => {
    const told = await warnings(async (root) => {
      const outer = root.savepoint();
      const inner = outer.run(() => outer.savepoint());
      inner.owner.byStatement();
      call('outside of both');
      await inner.commit();
      outer.rollBack();
    });
    expect(sent).toEqual([]);
    expect(told).toEqual([expect.stringContaining('called outside of both meanwhile')]);
  });

  it('does not warn of those that were called in it, in a scope that has ended', async () => {
    const told = await warnings(async (root) => {
      const savepoint = root.savepoint();
      await runInScope(() => savepoint.run(() => call('in it')));
      savepoint.rollBack();
    });
    expect(sent).toEqual([]);
    expect(told).toEqual([]);
  });
});
