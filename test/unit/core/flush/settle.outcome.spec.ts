import {
  DropAll,
  enqueueWith,
  type EffectScope,
  type EffectTrigger,
  type FlushReport,
  openScope,
  type Outcome,
  runInScope,
  type ScopeOptions,
} from 'nestjs-airlock';
import { AirlockRuntime } from '../../../../lib/core/runtime.js';
import { checkAfterEach, errorOf, fail, send, sent } from '../fixtures.js';

checkAfterEach();

const TRIGGERS = ['success', 'failure', 'always'] as const;

function enqueueEach(): void {
  for (const on of TRIGGERS) enqueueWith({ on }, send, on);
}

function out(...goes: readonly EffectTrigger[]): EffectTrigger[] {
  return goes as EffectTrigger[];
}

/** Opens a scope where `enclosing` stands, lets it enqueue one intent per trigger, and ends it. */
function endedInside(enclosing: EffectScope, outcome: Outcome, options = {}): Promise<FlushReport> {
  return enclosing.run(() => {
    const scope = openScope(options);
    scope.run(enqueueEach);
    return scope.end(outcome);
  });
}

describe.each<{
  outcome: Outcome;
  shouldFlush?: boolean;
  onCancel?: 'flush';
  goes: EffectTrigger[];
}>([
  { outcome: 'completed', goes: out('success', 'always') },
  { outcome: 'failed', goes: out('failure', 'always') },
  { outcome: 'cancelled', goes: out('always') },
  { outcome: 'completed', onCancel: 'flush', goes: out('success', 'always') },
  { outcome: 'failed', onCancel: 'flush', goes: out('failure', 'always') },
  { outcome: 'cancelled', onCancel: 'flush', goes: out('success', 'always') },
  { outcome: 'completed', shouldFlush: false, goes: out('always') },
  { outcome: 'failed', shouldFlush: false, goes: out('failure', 'always') },
  { outcome: 'cancelled', shouldFlush: false, onCancel: 'flush', goes: out('always') },
  { outcome: 'completed', shouldFlush: true, goes: out('success', 'always') },
  { outcome: 'failed', shouldFlush: true, goes: out('success', 'failure', 'always') },
  { outcome: 'cancelled', shouldFlush: true, goes: out('success', 'always') },
])(
  'when a root scope ends as $outcome, shouldFlush says $shouldFlush and onCancel is $onCancel',
  ({ outcome, shouldFlush, onCancel, goes }) => {
    it(`lets out exactly what is on ${goes.join(' or ')}`, async () => {
      const options = shouldFlush === undefined ? {} : { shouldFlush: () => shouldFlush };
      const scope = new AirlockRuntime({ onCancel }).open(options);
      scope.run(enqueueEach);
      const report = await scope.end(outcome);
      expect(sent).toEqual(goes);
      expect(report.dropped.map(({ intent, reason }) => [intent.on, reason])).toEqual(
        TRIGGERS.filter((on) => !goes.includes(on)).map((on) => [on, 'outcome']),
      );
    });
  },
);

describe.each<{ inner: Outcome; outer: Outcome; goes: EffectTrigger[] }>([
  { inner: 'completed', outer: 'completed', goes: out('success', 'always') },
  { inner: 'completed', outer: 'failed', goes: out('failure', 'always') },
  { inner: 'completed', outer: 'cancelled', goes: out('always') },
  { inner: 'failed', outer: 'completed', goes: out('failure', 'always') },
  { inner: 'failed', outer: 'failed', goes: [] },
  { inner: 'failed', outer: 'cancelled', goes: [] },
  { inner: 'cancelled', outer: 'completed', goes: out('always') },
  { inner: 'cancelled', outer: 'failed', goes: [] },
  { inner: 'cancelled', outer: 'cancelled', goes: [] },
])('when a nested scope ends as $inner and its parent as $outer', ({ inner, outer, goes }) => {
  it(`lets out exactly ${goes.length === 0 ? 'nothing' : `what was on ${goes.join(' or ')}`}`, async () => {
    const parent = openScope();
    await endedInside(parent, inner);
    expect(sent).toEqual([]);
    await parent.end(outer);
    expect(sent).toEqual(goes);
  });

  it('decides the same with one more completed scope in between', async () => {
    const root = openScope();
    await root.run(async () => {
      const middle = openScope();
      await endedInside(middle, inner);
      await middle.end('completed');
    });
    await root.end(outer);
    expect(sent).toEqual(goes);
  });
});

describe('when a nested scope fails and shouldFlush lets its ordinary intents go', () => {
  it('hands over all of them as ordinary ones', async () => {
    const parent = openScope();
    await endedInside(parent, 'failed', { shouldFlush: () => true });
    expect(parent.intents.map(({ on }) => on)).toEqual(['success', 'success', 'success']);
    await parent.end('completed');
    expect(sent).toEqual(['success', 'failure', 'always']);
  });
});

describe('when a nested scope completes and shouldFlush keeps its ordinary intents back', () => {
  it('drops those only', async () => {
    const parent = openScope();
    await endedInside(parent, 'completed', { shouldFlush: () => false });
    expect(parent.intents.map(({ on }) => on)).toEqual(['failure', 'always']);
    await parent.end('failed');
    expect(sent).toEqual(['failure', 'always']);
  });
});

describe('when an intent for failure becomes an ordinary one', () => {
  it('keeps its id, name, origin and arguments', async () => {
    const parent = openScope();
    let before: object = {};
    await parent.run(async () => {
      const scope = openScope({ name: 'inner' });
      scope.run(() => enqueueWith({ on: 'failure', name: 'Mail.apologise' }, send, 'sorry'));
      const { id, name, origin, args } = scope.intents[0]!;
      before = { id, name, origin, args };
      await scope.end('failed');
    });
    expect(parent.intents).toHaveLength(1);
    expect(parent.intents[0]).toMatchObject({
      ...before,
      on: 'success',
      name: 'Mail.apologise',
      origin: 'inner',
    });
    await parent.end('cancelled');
  });
});

describe('when a policy refuses an intent for failure or for always', () => {
  it.each(['completed', 'failed', 'cancelled'] as const)(
    'lets nothing out as %s',
    async (outcome) => {
      const scope = openScope({ policy: DropAll });
      scope.run(enqueueEach);
      const report = await scope.end(outcome);
      expect(sent).toEqual([]);
      expect(report.dropped).toHaveLength(3);
    },
  );
});

describe('when shouldFlush is asked', () => {
  it('is given the outcome and the scope, whose intents are still there', async () => {
    const asked: unknown[] = [];
    const ask = {
      name: 'job',
      shouldFlush: (outcome: Outcome, scope: EffectScope) => {
        asked.push([outcome, scope.name, scope.state, scope.intents.length]);
        return true;
      },
    };
    await runInScope(ask, enqueueEach);
    await errorOf(() => runInScope(ask, () => (enqueueEach(), fail('work'))));
    expect(asked).toEqual([
      ['completed', 'job', 'closed', 3],
      ['failed', 'job', 'closed', 3],
    ]);
  });

  it('is given the very handle that the opener holds', async () => {
    let given: EffectScope | undefined;
    const scope = openScope({ shouldFlush: (_, it) => ((given = it), false) });
    await scope.end('completed');
    expect(given).toBe(scope);
  });

  it('is not asked by flush, which is a decision already', async () => {
    const scope = openScope({ shouldFlush: () => fail('asked') as never });
    scope.run(enqueueEach);
    scope.close();
    await scope.flush();
    expect(sent).toEqual(['success', 'always']);
  });

  it('lets nothing ordinary out if it throws, and the opener sees the error', async () => {
    const options = { shouldFlush: () => fail('undecided') as never };
    const error = await errorOf(() => runInScope(options, enqueueEach));
    expect(error.message).toBe('undecided');
    expect(sent).not.toContain('success');
  });
});

describe('when shouldFlush throws and intents that get out all the same fail', () => {
  const failing: [string, () => unknown][] = [
    ['at once', () => fail('effect')],
    ['later', () => Promise.reject(new Error('effect'))],
  ];

  function undecided(reported: unknown[]): [AirlockRuntime, ScopeOptions] {
    const runtime = new AirlockRuntime({ logError: (error) => void reported.push(error) });
    return [runtime, { name: 'job', shouldFlush: () => fail('undecided') as never }];
  }
  function enqueueAll(effect: () => unknown): void {
    enqueueEach();
    for (const on of TRIGGERS) enqueueWith({ on, name: `failing on ${on}` }, effect);
  }
  const dispatchError = {
    code: 'AIRLOCK_DISPATCH',
    scope: 'job',
    failures: [
      { intent: { name: 'failing on failure' } },
      { intent: { name: 'failing on always' } },
    ],
  };

  it.each(failing)(
    'drops the ordinary ones, reports those that fail %s, and throws the error of the hook',
    async (_, effect) => {
      const reported: unknown[] = [];
      const [runtime, options] = undecided(reported);
      const error = await errorOf(() => runtime.run(options, () => enqueueAll(effect)));
      expect(error).toEqual(new Error('undecided'));
      expect(sent).toEqual(['failure', 'always']);
      expect(reported).toMatchObject([dispatchError]);
    },
  );

  it.each(failing)(
    'does the same for an end by hand with those that fail %s',
    async (_, effect) => {
      const reported: unknown[] = [];
      const [runtime, options] = undecided(reported);
      const scope = runtime.open(options);
      scope.run(() => enqueueAll(effect));
      expect(await errorOf(() => scope.end('completed'))).toEqual(new Error('undecided'));
      expect(scope.state).toBe('discarded');
      expect(sent).toEqual(['failure', 'always']);
      expect(reported).toMatchObject([dispatchError]);
    },
  );

  it.each(failing)(
    'reports the error of the hook too where the work failed, with those that fail %s',
    async (_, effect) => {
      const reported: unknown[] = [];
      const [runtime, options] = undecided(reported);
      const work = runtime.run(options, () => (enqueueAll(effect), fail('the work')));
      expect(await errorOf(() => work)).toEqual(new Error('the work'));
      expect(reported).toMatchObject([dispatchError, { message: 'undecided' }]);
    },
  );
});

describe('when the work fails and an intent for failure fails too', () => {
  it.each<[string, () => unknown]>([
    ['at once', () => fail('the apology')],
    ['later', () => Promise.reject(new Error('the apology'))],
  ])('lets the error of the work win and reports the other, %s', async (_, apologise) => {
    const reported: unknown[] = [];
    const runtime = new AirlockRuntime({ logError: (error) => void reported.push(error) });
    const work = runtime.run({ name: 'job' }, () => {
      enqueueWith({ on: 'failure' }, apologise);
      throw new Error('the work');
    });
    await expect(work).rejects.toThrow(new Error('the work'));
    expect(reported).toEqual([expect.objectContaining({ code: 'AIRLOCK_DISPATCH', scope: 'job' })]);
  });
});
