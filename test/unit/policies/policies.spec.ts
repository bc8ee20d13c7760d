import {
  AirlockOptionsError,
  AllowAll,
  AllowOnly,
  AssertNoEffects,
  BlockTasks,
  type DispatchError,
  DropAll,
  enqueue,
  enqueueWith,
  type FlushReport,
  LimitPerFlush,
  openScope,
  type PolicyRef,
  PolicyViolationError,
  runInScope,
} from 'nestjs-airlock';
import { checkAfterEach, errorOf, send, sent } from '../core/fixtures.js';

checkAfterEach();

/** Calls effects of these names, each sending its own name, under a policy. */
async function call(policy: PolicyRef, ...names: string[]): Promise<FlushReport> {
  const scope = openScope({ policy });
  scope.run(() => names.forEach((name) => enqueueWith({ name }, send, name)));
  scope.close();
  return scope.flush();
}

describe('when AllowAll applies', () => {
  it.each<PolicyRef>([AllowAll, new AllowAll()])('lets everything out', async (policy) => {
    await call(policy, 'a', 'b');
    expect(sent).toEqual(['a', 'b']);
  });
});

describe('when DropAll applies', () => {
  it.each<PolicyRef>([DropAll, new DropAll()])(
    'takes every call and lets nothing out',
    async (policy) => {
      const report = await call(policy, 'a', 'b');
      expect(sent).toEqual([]);
      expect(
        report.dropped.map(({ intent, reason, policy: by }) => [intent.name, reason, by]),
      ).toEqual([
        ['a', 'policy', expect.any(DropAll)],
        ['b', 'policy', expect.any(DropAll)],
      ]);
    },
  );
});

describe('when AssertNoEffects applies', () => {
  it('refuses every call, names the effect and where it came from, and buffers nothing', async () => {
    await runInScope({ name: 'report', policy: AssertNoEffects }, async (scope) => {
      const error = await errorOf<PolicyViolationError>(() => enqueue(send, 'a'));
      expect(error).toBeInstanceOf(PolicyViolationError);
      expect(error).toMatchObject({ policy: 'AssertNoEffects', effect: 'send', origin: 'report' });
      expect(error.message).toBe(
        'Policy "AssertNoEffects" does not permit effect "send" in "report". Remove the call, or the policy from this path.',
      );
      expect(error.stack).toContain('policies.spec');
      expect(scope.intents).toEqual([]);
    });
  });

  it('has nothing against work without effects', async () => {
    expect(await runInScope({ policy: AssertNoEffects }, () => 'value')).toBe('value');
  });
});

describe('when BlockTasks applies', () => {
  it('drops the named effects and lets the others out, in order', async () => {
    const policy = new BlockTasks(['Mail.send', 'Sms.send']);
    const report = await call(policy, 'Mail.send', 'a', 'Sms.send', 'b', 'Mail.sendAll');
    expect(sent).toEqual(['a', 'b', 'Mail.sendAll']);
    expect(report.dropped.map(({ intent, policy: by }) => [intent.name, by === policy])).toEqual([
      ['Mail.send', true],
      ['Sms.send', true],
    ]);
  });

  it('takes any iterable and reads it once', async () => {
    const names = (function* () {
      yield 'a';
      yield 'b';
    })();
    const policy = new BlockTasks(names);
    await call(policy, 'a', 'b', 'c');
    await call(policy, 'a', 'b', 'c');
    expect(sent).toEqual(['c', 'c']);
    expect([...policy.namedEffects]).toEqual(['a', 'b']);
  });

  it('is not changed by what happens to the list later', async () => {
    const names = ['a'];
    const policy = new BlockTasks(names);
    names.push('b');
    await call(policy, 'a', 'b');
    expect(sent).toEqual(['b']);
  });

  it('refuses the call itself with raiseOnEnqueue, and only of the named ones', async () => {
    const policy = new BlockTasks(['send'], { raiseOnEnqueue: true });
    await runInScope({ policy }, async () => {
      const error = await errorOf(() => enqueue(send, 'a'));
      expect(error).toBeInstanceOf(PolicyViolationError);
      expect(error).toMatchObject({ policy: 'BlockTasks', effect: 'send' });
      enqueueWith({ name: 'other' }, send, 'b');
    });
    expect(sent).toEqual(['b']);
  });

  it.each([{}, { raiseOnEnqueue: false }, { raiseOnEnqueue: undefined } as object])(
    'drops at the flush with %p',
    async (options) => {
      const report = await call(new BlockTasks(['a'], options), 'a');
      expect(report.dropped).toHaveLength(1);
    },
  );
});

describe('when AllowOnly applies', () => {
  it('lets out the named effects only', async () => {
    const report = await call(new AllowOnly(new Set(['a', 'c'])), 'a', 'b', 'c', 'ab');
    expect(sent).toEqual(['a', 'c']);
    expect(report.dropped.map(({ intent }) => intent.name)).toEqual(['b', 'ab']);
  });

  it('lets out nothing for an empty list', async () => {
    await call(new AllowOnly([]), 'a');
    expect(sent).toEqual([]);
  });
});

describe.each([
  ['BlockTasks', BlockTasks],
  ['AllowOnly', AllowOnly],
] as const)('when %s is given something that is no list of names', (name, Type) => {
  it.each<[unknown, string]>([
    ['Mail.send', '`Mail.send` (string)'],
    [undefined, '`undefined`'],
    [null, '`null`'],
    [7, '`7` (number)'],
    [{}, 'an object (Object)'],
  ])('refuses %p at once', (effects, shown) => {
    const build = (): unknown => new Type(effects as string[]);
    expect(build).toThrow(AirlockOptionsError);
    expect(build).toThrow(
      `Expected \`effects\` to be an iterable of methods, functions or names of effects, got ${shown}.`,
    );
  });

  it.each<[unknown, string]>([
    [7, '`7` (number)'],
    ['', '`` (string)'],
    [['a'], 'an object (array)'],
    [undefined, '`undefined`. There is no such method, or it is `abstract`'],
  ])('refuses %p in the list at once', (effect, shown) => {
    const build = (): unknown => new Type(['a', effect as string]);
    expect(build).toThrow(AirlockOptionsError);
    expect(build).toThrow(
      `Expected \`effects[1]\` to be a method, a function or a name of an effect, got ${shown}`,
    );
  });

  it('is refused as a class, since it needs the names', async () => {
    const error = await errorOf(() =>
      runInScope({ policy: Type as unknown as PolicyRef }, () => {}),
    );
    expect(error).toMatchObject({ code: 'AIRLOCK_OPTIONS', key: name });
  });
});

describe('when LimitPerFlush applies', () => {
  it.each([
    [0, []],
    [1, ['a']],
    [2, ['a', 'b']],
    [9, ['a', 'b', 'c']],
  ])('lets out the first %p', async (limit, expected) => {
    const report = await call(new LimitPerFlush(limit), 'a', 'b', 'c');
    expect(sent).toEqual(expected);
    expect(report.dropped).toHaveLength(3 - expected.length);
  });

  it('begins anew with each flush, and keeps concurrent ones apart', async () => {
    const policy = new LimitPerFlush(1);
    await Promise.all([call(policy, 'a', 'b'), call(policy, 'c', 'd')]);
    await call(policy, 'e', 'f');
    expect([...sent].join()).toBe('a,c,e');
  });

  it('counts intents of nested scopes in the flush that lets them out', async () => {
    await runInScope({ policy: new LimitPerFlush(2) }, async () => {
      enqueue(send, 'a');
      await runInScope(() => {
        enqueue(send, 'b');
        enqueue(send, 'c');
      });
    });
    expect(sent).toEqual(['a', 'b']);
  });

  it('does not count what a policy further in dropped', async () => {
    await runInScope({ policy: [new BlockTasks(['x']), new LimitPerFlush(1)] }, () => {
      enqueueWith({ name: 'x' }, send, 'x');
      enqueueWith({ name: 'a' }, send, 'a');
    });
    expect(sent).toEqual(['a']);
  });

  it.each<[unknown, string]>([
    [-1, '`-1` (number)'],
    [1.5, '`1.5` (number)'],
    [Number.NaN, '`NaN` (number)'],
    [Infinity, '`Infinity` (number)'],
    ['1', '`1` (string)'],
    [undefined, '`undefined`'],
  ])('refuses a limit of %p at once', (limit, shown) => {
    const build = (): unknown => new LimitPerFlush(limit as number);
    expect(build).toThrow(AirlockOptionsError);
    expect(build).toThrow(`Expected \`limit\` to be a non-negative integer, got ${shown}.`);
  });
});

describe('when a shipped policy refuses inside an effect', () => {
  it('makes that effect fail with its error', async () => {
    const error = await errorOf<DispatchError>(() =>
      runInScope({ policy: new BlockTasks(['inner'], { raiseOnEnqueue: true }) }, () =>
        enqueue(() => enqueueWith({ name: 'inner' }, send, 'a')),
      ),
    );
    expect(error.errors).toEqual([expect.any(PolicyViolationError)]);
  });
});
