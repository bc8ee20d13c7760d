import {
  currentScope,
  enqueueWith,
  type Executor,
  onAirlock,
  type Policy,
  runInScope,
} from 'nestjs-airlock';

describe('when a unit of work calls an effect', () => {
  it('is buffered at the call, let out by the outcome and the policies, and run by its executor', async () => {
    const story: string[] = [];
    const tell = (line: string): void => void story.push(line);
    const sendReceipt = (order: number): void => tell(`the effect runs with ${order}`);
    const policy: Policy = {
      onEnqueue: ({ name }) => tell(`the policy hears of the call of ${name}`),
      allows: ({ name }) => (tell(`the policy allows ${name}`), true),
    };
    const executor: Executor = {
      execute: (intent) => (
        tell(`the executor gets ${intent.name}`),
        intent.effect(...intent.args)
      ),
    };
    const shouldFlush = (outcome: string): boolean => (tell(`the outcome is ${outcome}`), true);
    const stop = onAirlock('scope', ({ scope, reason }) =>
      tell(`the scope ${scope.name} is ${reason}`),
    );

    const value = await runInScope({ name: 'POST /orders', policy, executor, shouldFlush }, () => {
      enqueueWith({ name: 'sendReceipt' }, sendReceipt, 7);
      tell(
        `buffered: ${currentScope()!
          .intents.map(({ name }) => name)
          .join()}`,
      );
      return 'the order';
    });
    stop();

    expect(value).toBe('the order');
    expect(story).toEqual([
      'the scope POST /orders is open', // lib/core/scope-opener.ts
      'the policy hears of the call of sendReceipt', // lib/core/enqueue/enqueue.ts
      'buffered: sendReceipt', // lib/core/scope/intent-buffer.ts
      'the outcome is completed', // lib/core/flush/outcome.ts
      'the scope POST /orders is flushed', // lib/core/flush/settle.ts
      'the policy allows sendReceipt', // lib/core/scope/ask-policies.ts
      'the executor gets sendReceipt', // lib/core/flush/run-intent.ts
      'the effect runs with 7',
      'the scope POST /orders is settled', // lib/core/scope/unit-of-work.ts
    ]);
  });
});
