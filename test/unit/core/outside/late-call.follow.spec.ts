import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import {
  type AirlockMessage,
  DropAll,
  enqueue,
  enqueueWith,
  type EffectScope,
  type EffectTrigger,
  ScopeClosedError,
} from 'nestjs-airlock';
import { AirlockRuntime } from '../../../../lib/core/runtime.js';
import { Attempt } from '../../../../lib/core/scope/attempt.js';
import { checkAfterEach, errorOf, fail, send, sent } from '../fixtures.js';

checkAfterEach();

const reported: unknown[] = [];
const runtime = new AirlockRuntime({
  lateCalls: 'follow',
  logError: (error) => void reported.push(error),
});

beforeEach(() => (reported.length = 0));

/** Work that goes on after its scope has ended, and what lets it go on. */
function leftover(work: () => unknown): { start: () => void; finish: () => Promise<unknown> } {
  let open = (): void => {};
  const gate = new Promise<void>((resolve) => (open = resolve));
  let running: Promise<unknown>;
  return { start: () => void (running = gate.then(work)), finish: () => (open(), running) };
}

const all = (): void => {
  for (const on of ['success', 'failure', 'always'] as const satisfies readonly EffectTrigger[])
    enqueueWith({ on }, send, on);
};

describe('when late calls follow their scope', () => {
  it('go out at once after one that was flushed, each like a call of that outcome', async () => {
    const late = leftover(all);
    await runtime.run({}, late.start);
    await late.finish();
    expect({ sent, reported }).toEqual({ sent: ['success', 'always'], reported: [] });
  });

  it('go out or are dropped after one that failed, each like a call of that outcome', async () => {
    const late = leftover(all);
    await errorOf(() => runtime.run({}, () => (late.start(), fail('work'))));
    await late.finish();
    expect(sent).toEqual(['failure', 'always']);
  });

  it('keep the name of the scope as their origin, and the policies of where they were made', async () => {
    const origins: (string | undefined)[] = [];
    const blocked = leftover(() => enqueue(send, 'blocked'));
    const free = leftover(() => enqueue(send, 'free'));
    const watch = {
      allows: ({ origin }: { origin?: string | undefined }) => (origins.push(origin), true),
    };
    await runtime.run({ name: 'import', policy: watch }, () => {
      runtime.withPolicy(DropAll, blocked.start);
      free.start();
    });
    await blocked.finish();
    await free.finish();
    expect({ sent, origins }).toEqual({ sent: ['free'], origins: ['import'] });
  });

  it('go to the scope around that is still open, unless their own was discarded', async () => {
    await runtime.run({}, async (outer) => {
      const late = leftover(() => enqueue(send, 'late'));
      await runtime.run({}, late.start);
      await late.finish();
      const lost = leftover(() => enqueue(send, 'lost'));
      await errorOf(() => runtime.run({}, () => (lost.start(), fail('inner'))));
      await lost.finish();
      expect(outer.intents.map(({ args }) => args[0])).toEqual(['late']);
    });
    expect(sent).toEqual(['late']);
  });

  it.each<['flush' | 'discard', readonly string[]]>([
    ['flush', ['late']],
    ['discard', []],
  ])('wait for the %s of one that is closed and undecided', async (end, out) => {
    const scope: EffectScope = runtime.open();
    const late = leftover(() => enqueue(send, 'late'));
    scope.run(late.start);
    scope.close();
    await late.finish();
    expect(sent).toEqual([]);
    await scope[end]();
    expect(sent).toEqual(out);
  });

  it.each(['success', 'failure', 'always'] as const)(
    'go nowhere where their scope was thrown away by hand, whatever they wait for: %s',
    async (on) => {
      const reasons: unknown[] = [];
      const watch = (message: unknown): void =>
        void reasons.push((message as AirlockMessage).reason);
      subscribe('airlock:drop', watch);
      const late = leftover(() => enqueueWith({ on }, send, 'late'));
      const scope = runtime.open();
      scope.run(late.start);
      scope.close();
      scope.discard();
      await late.finish();
      unsubscribe('airlock:drop', watch);
      expect([sent, reasons]).toEqual([[], ['discarded']]);
    },
  );

  it('go as the effect went that they were made in', async () => {
    const late = leftover(() => enqueue(send, 'late'));
    const lost = leftover(() => enqueue(send, 'lost'));
    await runtime.run({ onDispatchError: () => {} }, () => {
      enqueue(late.start);
      enqueue(() => (lost.start(), fail('effect')));
    });
    await late.finish();
    await lost.finish();
    expect(sent).toEqual(['late']);
  });

  it.each(['fail', 'abandon'] as const)(
    'are dropped where an attempt has left them: %s',
    async (end) => {
      const late = leftover(() => enqueue(send, 'late'));
      await runtime.run({}, () => {
        const attempt = new Attempt(runtime.context, undefined);
        attempt.run(late.start);
        attempt[end]();
      });
      await late.finish();
      expect({ sent, reported }).toEqual({ sent: [], reported: [] });
    },
  );

  it('report what fails in them: nobody is left to see it', async () => {
    const late = leftover(() => enqueue(fail, 'smtp'));
    await runtime.run({ name: 'job' }, late.start);
    await late.finish();
    expect(reported).toMatchObject([
      { code: 'AIRLOCK_DISPATCH', message: expect.stringContaining('job') as string },
    ]);
  });

  it('are refused like any call', async () => {
    const policy = { onEnqueue: () => fail('no') };
    const late = leftover(() => runtime.withPolicy(policy, () => enqueue(send, 'late')));
    await runtime.run({}, late.start);
    expect((await errorOf(late.finish)).message).toBe('no');
    expect(sent).toEqual([]);
  });

  it('are reported while the application shuts down', async () => {
    const closing = new AirlockRuntime({
      lateCalls: 'follow',
      logError: (error) => void reported.push(error),
    });
    const late = leftover(() => enqueue(send, 'late'));
    await closing.run({}, late.start);
    await closing.shutdown(0);
    await late.finish();
    expect(reported).toEqual([expect.any(ScopeClosedError)]);
    expect(sent).toEqual([]);
  });
});
