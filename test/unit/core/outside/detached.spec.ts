import {
  currentScope,
  detached,
  DropAll,
  enqueue,
  NoScopeError,
  openFrame,
  type Policy,
  PolicyEnqueueError,
  runInScope,
} from 'nestjs-airlock';
import { setTimeout } from 'node:timers/promises';
import { checkAfterEach, errorOf, fail, send, sent } from '../fixtures.js';

checkAfterEach();

describe('when work is detached', () => {
  it('stands in no scope, and returns what it returns', async () => {
    await runInScope(async (scope) => {
      expect(detached(() => currentScope())).toBeUndefined();
      expect(await errorOf(() => detached(() => enqueue(send, 'nowhere')))).toBeInstanceOf(
        NoScopeError,
      );
      expect(await detached(async () => 'value')).toBe('value');
      expect(currentScope()?.id).toBe(scope.id);
    });
    expect(sent).toEqual([]);
  });

  it('throws what it throws, outside any scope too', () => {
    expect(() => detached(() => fail('work'))).toThrow('work');
    expect(detached(() => 1)).toBe(1);
  });

  it('gives a scope opened in it no parent, no policy and no part in the outcome', async () => {
    const work = runInScope({ policy: DropAll }, async () => {
      await detached(() =>
        runInScope((scope) => (expect(scope.parent).toBeUndefined(), enqueue(send, 'apart'))),
      );
      fail('work');
    });
    await errorOf(() => work);
    expect(sent).toEqual(['apart']);
  });

  it('stands in no transaction', async () => {
    const frame = openFrame();
    await frame.run(() => detached(() => runInScope(() => enqueue(send, 'at once'))));
    expect(sent).toEqual(['at once']);
    frame.rollBack();
  });

  it('leaves its timers in none either, while the scope they were started in is still open', async () => {
    await runInScope(async () => {
      let ticked: () => void;
      const tick = new Promise<void>((resolve) => (ticked = resolve));
      detached(() =>
        globalThis.setTimeout(() => void runInScope(() => enqueue(send, 'tick')).then(ticked)),
      );
      await tick;
      expect(sent).toEqual(['tick']);
      await setTimeout(1);
    });
  });

  it('lets no policy call an effect', async () => {
    let error: unknown;
    const policy: Policy = {
      onEnqueue: () => {
        try {
          detached(() => enqueue(send, 'meddled'));
        } catch (thrown) {
          error = thrown;
        }
      },
    };
    await runInScope({ policy }, () => enqueue(send, 'a'));
    expect(error).toBeInstanceOf(PolicyEnqueueError);
    expect(sent).toEqual(['a']);
  });
});
