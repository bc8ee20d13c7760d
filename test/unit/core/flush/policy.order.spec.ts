import { setImmediate } from 'node:timers/promises';
import {
  enqueue,
  enqueueWith,
  type Intent,
  openScope,
  type Policy,
  runInScope,
  withPolicy,
} from 'nestjs-airlock';
import { AirlockRuntime } from '../../../../lib/core/runtime.js';
import { checkAfterEach, errorOf, fail, send, sent, texts } from '../fixtures.js';

checkAfterEach();

/** A policy that writes down when it is asked. */
class Witness implements Policy {
  constructor(
    private readonly name: string,
    private readonly log: string[],
    private readonly verdict: boolean | Promise<boolean> = true,
  ) {}
  onEnqueue(intent: Intent): void {
    this.log.push(`${this.name} sees ${String(intent.args[0])}`);
  }
  allows(intent: Intent): boolean | Promise<boolean> {
    this.log.push(`${this.name} judges ${String(intent.args[0])}`);
    return this.verdict;
  }
}

const no = { allows: () => false };

/** Calls one effect at the innermost of all the places where a policy may stand. */
function innermostCall(
  log: string[],
  refuse?: string,
): { runtime: AirlockRuntime; work: () => Promise<unknown> } {
  const at = (name: string): Policy => new Witness(name, log, name !== refuse);
  const runtime = new AirlockRuntime({ policy: [at('module 1'), at('module 2')] });
  const work = (): Promise<unknown> =>
    runtime.run({ policy: at('outer scope') }, () =>
      withPolicy(at('outer local'), () =>
        runInScope({ policy: [at('inner scope 1'), at('inner scope 2')] }, () =>
          withPolicy(at('inner local'), () =>
            enqueueWith({ policy: [at('own 1'), at('own 2')] }, send, 'a'),
          ),
        ),
      ),
    );
  return { runtime, work };
}

const INNERMOST_FIRST = [
  'own 1',
  'own 2',
  'inner local',
  'inner scope 1',
  'inner scope 2',
  'outer local',
  'outer scope',
  'module 1',
  'module 2',
];

describe('when policies stand at every place on the way', () => {
  it('asks them at the call and at the flush, innermost first', async () => {
    const log: string[] = [];
    await innermostCall(log).work();
    expect(log).toEqual([
      ...INNERMOST_FIRST.map((name) => `${name} sees a`),
      ...INNERMOST_FIRST.map((name) => `${name} judges a`),
    ]);
    expect(sent).toEqual(['a']);
  });

  it.each(INNERMOST_FIRST)(
    'lets nothing out if only %s refuses, and asks none further out',
    async (refuse) => {
      const log: string[] = [];
      await innermostCall(log, refuse).work();
      expect(sent).toEqual([]);
      const judges = log.filter((line) => line.includes('judges'));
      expect(judges).toEqual(
        INNERMOST_FIRST.slice(0, INNERMOST_FIRST.indexOf(refuse) + 1).map(
          (name) => `${name} judges a`,
        ),
      );
    },
  );

  it('asks one that stands at several of them once', async () => {
    const log: string[] = [];
    const policy = new Witness('it', log);
    const runtime = new AirlockRuntime({ policy });
    await runtime.run({ policy }, () =>
      withPolicy(policy, () => runInScope({ policy }, () => enqueueWith({ policy }, send, 'a'))),
    );
    expect(log).toEqual(['it sees a', 'it judges a']);
  });

  it('shows the chain on the intent, innermost first', async () => {
    const [own, local, scoped] = [
      new Witness('own', []),
      new Witness('local', []),
      new Witness('scoped', []),
    ];
    const scope = openScope({ policy: scoped });
    scope.run(() => withPolicy(local, () => enqueueWith({ policy: own }, send, 'a')));
    expect(scope.intents[0]!.policies).toEqual([own, local, scoped]);
    await scope.end('cancelled');
  });
});

describe('when onEnqueue throws', () => {
  const refusing = { onEnqueue: () => fail('refused') };

  it.each<[string, () => unknown]>([
    ['of the call itself', () => enqueueWith({ policy: refusing }, send, 'a')],
    ['of withPolicy', () => withPolicy(refusing, () => enqueue(send, 'a'))],
  ])('shows the caller the error of a policy %s and buffers nothing', async (_, call) => {
    await runInScope(async (scope) => {
      enqueue(send, 'before');
      expect(await errorOf(call)).toEqual(new Error('refused'));
      expect(texts(scope.intents)).toEqual(['before']);
    });
    expect(sent).toEqual(['before']);
  });

  it('refuses a call in a nested scope for a policy of the enclosing one', async () => {
    await runInScope({ policy: refusing }, async (outer) => {
      await runInScope(async (inner) => {
        expect(await errorOf(() => enqueue(send, 'a'))).toEqual(new Error('refused'));
        expect(inner.intents).toEqual([]);
      });
      expect(outer.intents).toEqual([]);
    });
  });

  it('asks none further out', async () => {
    const log: string[] = [];
    await runInScope({ policy: new Witness('outer', log) }, () =>
      errorOf(() => enqueueWith({ policy: refusing }, send, 'a')),
    );
    expect(log).toEqual([]);
  });

  it('runs at the call and not again on capture', async () => {
    const log: string[] = [];
    await runInScope({ policy: new Witness('outer', log) }, async () => {
      await runInScope(() => enqueue(send, 'a'));
      expect(log).toEqual(['outer sees a']);
    });
  });

  it('reports the error of an asynchronous one, which cannot refuse any more', async () => {
    const reported: unknown[] = [];
    const runtime = new AirlockRuntime({ logError: (error) => void reported.push(error) });
    const late = { onEnqueue: async () => (await setImmediate(), fail('too late')) };
    await runtime.run({ policy: late as Policy }, () => enqueue(send, 'a'));
    await setImmediate();
    await setImmediate();
    expect(reported).toEqual([new Error('too late')]);
    expect(sent).toEqual(['a']);
  });
});

describe('when allows throws or rejects', () => {
  it.each<[string, Policy]>([
    ['throws', { allows: () => fail('broken') as never }],
    ['rejects', { allows: async () => (await setImmediate(), fail('broken') as never) }],
  ])('drops that intent only and reports it as failed where it %s', async (_, policy) => {
    const scope = openScope();
    scope.run(() => {
      enqueue(send, 'a');
      enqueueWith({ policy }, send, 'b');
      enqueue(send, 'c');
    });
    scope.close();
    const report = await scope.flush();
    expect(sent).toEqual(['a', 'c']);
    expect(report.failed.map(({ intent, error }) => [intent.args[0], error])).toEqual([
      ['b', new Error('broken')],
    ]);
    expect(report.dropped).toEqual([]);
  });
});

describe('when allows is asynchronous', () => {
  it.each([
    [true, ['a']],
    [false, []],
  ])('awaits its verdict of %p', async (verdict, expected) => {
    const policy = { allows: async () => (await setImmediate(), verdict) };
    const scope = openScope({ policy });
    scope.run(() => enqueue(send, 'a'));
    scope.close();
    const report = await scope.flush();
    expect(sent).toEqual(expected);
    expect(report.dropped.map((dropped) => [dropped.reason, dropped.policy])).toEqual(
      verdict ? [] : [['policy', policy]],
    );
  });

  it('goes on to the policies further out only if it allows', async () => {
    const log: string[] = [];
    const outer = new Witness('outer', log);
    await runInScope({ policy: outer }, () => {
      enqueueWith({ policy: new Witness('own', log, Promise.resolve(false)) }, send, 'a');
      enqueueWith({ policy: new Witness('own', log, Promise.resolve(true)) }, send, 'b');
    });
    expect(log.filter((line) => line.includes('judges'))).toEqual([
      'own judges a',
      'own judges b',
      'outer judges b',
    ]);
  });
});

describe('when intents are captured', () => {
  it('keeps the policies of their inner scope', async () => {
    await runInScope(async () => {
      await runInScope({ policy: no }, () => enqueue(send, 'narrow'));
      await runInScope(() => enqueue(send, 'wide'));
      enqueue(send, 'own');
    });
    expect(sent).toEqual(['wide', 'own']);
  });

  it('keeps the policy of withPolicy around a nested scope', async () => {
    await runInScope(async () => {
      await withPolicy(no, () => runInScope(() => enqueue(send, 'narrow')));
      enqueue(send, 'own');
    });
    expect(sent).toEqual(['own']);
  });
});

describe('when withPolicy ends', () => {
  it('applies to calls inside it only, asynchronous ones included, in the same buffer', async () => {
    await runInScope(async (scope) => {
      const value = await withPolicy(no, async () => {
        await setImmediate();
        enqueue(send, 'inside');
        return 7;
      });
      enqueue(send, 'after');
      expect(value).toBe(7);
      expect(texts(scope.ownIntents)).toEqual(['inside', 'after']);
    });
    expect(sent).toEqual(['after']);
  });

  it('passes on what its function throws', async () => {
    await runInScope(async () => {
      expect(await errorOf(() => withPolicy(no, () => fail('inside')))).toEqual(
        new Error('inside'),
      );
    });
  });
});
