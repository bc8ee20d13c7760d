import { setImmediate } from 'node:timers/promises';
import {
  currentScope,
  enqueue,
  enqueueWith,
  type Intent,
  LimitPerFlush,
  type Policy,
  runInScope,
  withPolicy,
} from 'nestjs-airlock';
import { checkAfterEach, errorOf, fail, send } from '../fixtures.js';

checkAfterEach();

const yes: Policy = { allows: () => true };
const no: Policy = { allows: () => false };
const slowYes: Policy = { allows: async () => (await setImmediate(), true) };
const slowNo: Policy = { allows: async () => (await setImmediate(), false) };

/**
 * The one intent that `call` buffers under a scope policy that refuses; it never gets as far as the
 * flush.
 */
async function intentOf(call: () => void): Promise<Intent> {
  return runInScope(
    { policy: no, shouldFlush: () => false },
    () => (call(), currentScope()!.intents[0]!),
  );
}

describe('when an intent is asked whether it passes its local policies', () => {
  it.each<[string, boolean, () => void]>([
    ['no local policy', true, () => enqueue(send, 'a')],
    ['withPolicy that allows', true, () => withPolicy(yes, () => enqueue(send, 'a'))],
    ['withPolicy that refuses', false, () => withPolicy(no, () => enqueue(send, 'a'))],
    ['a policy of its own that refuses', false, () => enqueueWith({ policy: no }, send, 'a')],
    [
      'two of its own, the last of which refuses',
      false,
      () => enqueueWith({ policy: [yes, no] }, send, 'a'),
    ],
    [
      'nested withPolicy, the outer of which refuses',
      false,
      () => withPolicy(no, () => withPolicy(yes, () => enqueue(send, 'a'))),
    ],
    ['a policy without a say', true, () => enqueueWith({ policy: {} }, send, 'a')],
  ])('answers at once for %s: %p', async (_, verdict, call) => {
    expect((await intentOf(call)).passesLocalPolicies()).toBe(verdict);
  });

  it.each<[string, boolean, readonly Policy[]]>([
    ['one that allows', true, [slowYes]],
    ['one that refuses', false, [slowNo]],
    ['one that allows before a synchronous one that refuses', false, [slowYes, no]],
    ['one after a synchronous one that allows', true, [yes, slowYes]],
    ['two that allow', true, [slowYes, slowYes]],
  ])('answers with a Promise for %s of asynchronous policies: %p', async (_, verdict, policy) => {
    const answer = (await intentOf(() => enqueueWith({ policy }, send, 'a'))).passesLocalPolicies();
    expect(answer).toBeInstanceOf(Promise);
    expect(await answer).toBe(verdict);
  });

  it('answers at once where a synchronous policy refuses before an asynchronous one', async () => {
    const intent = await intentOf(() => enqueueWith({ policy: [no, slowYes] }, send, 'a'));
    expect(intent.passesLocalPolicies()).toBe(false);
  });

  it('passes on what a policy throws or rejects with', async () => {
    const throwing = await intentOf(() =>
      enqueueWith({ policy: { allows: () => fail('now') as never } }, send, 'a'),
    );
    expect(() => throwing.passesLocalPolicies()).toThrow('now');
    const rejecting = await intentOf(() =>
      enqueueWith({ policy: { allows: async () => fail('later') as never } }, send, 'a'),
    );
    expect(await errorOf(() => rejecting.passesLocalPolicies())).toEqual(new Error('later'));
  });

  it('still knows them after capture and after it became an ordinary one', async () => {
    await runInScope({ shouldFlush: () => false }, async (outer) => {
      await errorOf(() =>
        runInScope(() => {
          enqueueWith({ on: 'always', policy: no }, send, 'a');
          enqueueWith({ on: 'failure' }, send, 'b');
          fail('inner');
        }),
      );
      expect(outer.intents.map((intent) => intent.passesLocalPolicies())).toEqual([false, true]);
    });
  });

  it('asks LimitPerFlush about the limit alone, without counting', async () => {
    const intent = await intentOf(() => enqueueWith({ policy: new LimitPerFlush(1) }, send, 'a'));
    expect([1, 2, 3].map(() => intent.passesLocalPolicies())).toEqual([true, true, true]);
    const none = await intentOf(() => enqueueWith({ policy: new LimitPerFlush(0) }, send, 'a'));
    expect(none.passesLocalPolicies()).toBe(false);
  });
});
