import { Inject, Injectable } from '@nestjs/common';
import {
  BlockTasks,
  enqueue,
  type Intent,
  LimitPerFlush,
  type Policy,
  PolicyViolationError,
} from 'nestjs-airlock';
import { describePolicyContract, type PolicyContractOptions } from 'nestjs-airlock/testing';
import { casesOf } from './contract-cases.js';

/** Something a policy of an application depends on. */
@Injectable()
class Tenants {
  readonly muted = new Set(['acme']);
}

/** A policy as a user writes it: asynchronous, with a dependency, going by an argument. */
@Injectable()
class MutedTenants implements Policy {
  constructor(@Inject(Tenants) private readonly tenants: Tenants) {}

  onEnqueue({ name }: Intent): void {
    if (name.startsWith('Legacy.')) throw new PolicyViolationError('MutedTenants', name, undefined);
  }

  async allows({ args: [first] }: Intent): Promise<boolean> {
    await Promise.resolve();
    return !this.tenants.muted.has(first as string);
  }
}

describePolicyContract('A policy that Nest builds', {
  create: () => MutedTenants,
  providers: [MutedTenants, Tenants],
  lets: ['MailService.sendNews', { name: 'MailService.sendNews', args: ['initech'] }],
  drops: [{ name: 'MailService.sendNews', args: ['acme'] }],
  refuses: ['Legacy.send'],
});

const STATED = 'when the calls that its author has stated are made ›';
const ASKED = 'when it is asked about calls of all kinds ›';
const ELSEWHERE = 'when it does not stand on the scope of the calls › answers around';
const OTHERS = 'when other scopes are there › answers in each of';

const IN_ONE_SCOPE = `${STATED} lets out, drops and refuses them as stated, in one scope`;
const ALONE = `${STATED} ends each as stated, alone`;
const THROWS = `${ASKED} throws for none, and leaves the effects to the executor`;
const ANSWERS = `${ASKED} answers true or false at the flush, and without a Promise at the call`;
const ARGUMENTS = `${ASKED} leaves the arguments as they are`;
const AROUND_CALLS = `${ELSEWHERE} the calls as on their scope`;
const AROUND_SCOPES = `${ELSEWHERE} nested scopes as on their scope, also where one is discarded`;
const SEVERAL = `${OTHERS} several at the same time, and in one after them, as in one alone`;
const APPLICATIONS = `${OTHERS} two applications as if the other was not there`;

function scopeOf({ id }: Intent): string {
  return id.slice(0, id.lastIndexOf(':'));
}

/** Counts for every instance there is. */
class Static implements Policy {
  private static asked = 0;
  allows(): boolean {
    return Static.asked++ % 2 === 0;
  }
}

/** Counts for the scope a call was made in. */
class PerBirthplace implements Policy {
  private readonly counts = new Map<string, number>();
  allows(intent: Intent): boolean {
    const count = (this.counts.get(scopeOf(intent)) ?? 0) + 1;
    this.counts.set(scopeOf(intent), count);
    return count <= 2;
  }
}

/** Forgets one scope when it is asked about another. */
class OneAtATime implements Policy {
  private scope = '';
  private count = 0;
  allows(intent: Intent): boolean {
    if (this.scope !== scopeOf(intent)) [this.scope, this.count] = [scopeOf(intent), 0];
    return ++this.count <= 2;
  }
}

/** Counts at the call, also what will be lost. */
class TooEarly implements Policy {
  private readonly chosen = new Set<string>();
  private calls = 0;
  onEnqueue({ id }: Intent): void {
    if (++this.calls <= 2) this.chosen.add(id);
  }
  allows({ id }: Intent): boolean {
    return this.chosen.has(id);
  }
}

/** Lets nothing out, and runs each effect one flush step later by itself. */
class Late implements Policy {
  private readonly waiting: Intent[] = [];
  allows(intent: Intent): boolean {
    if (this.waiting.push(intent) === 3)
      for (const one of this.waiting.splice(0).toReversed()) void one.effect();
    return false;
  }
}

/** Faults, with the only cases that find each. */
const faults: readonly (readonly [
  fault: string,
  options: PolicyContractOptions,
  cases: readonly string[],
])[] = [
  [
    'lets out, drops and refuses other calls than stated',
    {
      create: () => new BlockTasks(['b', 'c']),
      lets: ['a', 'b'],
      drops: ['c', 'd'],
      refuses: ['e'],
    },
    [IN_ONE_SCOPE, ALONE],
  ],
  [
    'drops some of the calls in one scope and none alone',
    { create: () => new LimitPerFlush(1), lets: ['a', 'b'] },
    [IN_ONE_SCOPE],
  ],
  [
    'goes by the calls of a flush and says it does not',
    { create: () => new LimitPerFlush(1), lets: ['a'], drops: ['b'] },
    [ALONE],
  ],
  [
    'refuses with what is no error',
    {
      create: () => ({
        onEnqueue: ({ name }) => {
          // oxlint-disable-next-line typescript/only-throw-error -- that is the fault.
          if (name === 'a') throw 'no';
        },
      }),
      refuses: ['a'],
    },
    [IN_ONE_SCOPE, ALONE],
  ],
  [
    'answers what is neither true nor false',
    { create: () => ({ allows: () => 1 as never }) },
    [ANSWERS],
  ],
  [
    'answers in a Promise what is neither',
    { create: () => ({ allows: async () => Promise.resolve(undefined as never) }) },
    [ANSWERS],
  ],
  [
    'refuses in a Promise',
    { create: () => ({ onEnqueue: () => Promise.reject(new Error('too late')) as never }) },
    [ANSWERS],
  ],
  [
    'calls an effect at the call',
    { create: () => ({ onEnqueue: () => enqueue(() => {}) }) },
    [THROWS],
  ],
  [
    'calls an effect at the flush',
    { create: () => ({ allows: () => (enqueue(() => {}), true) }) },
    [THROWS],
  ],
  [
    'calls an effect after an await, and may throw',
    {
      create: () => ({
        allows: async () => {
          await Promise.resolve();
          enqueue(() => {});
          return true;
        },
      }),
      throws: true,
    },
    [THROWS],
  ],
  [
    'writes to an argument',
    {
      create: () => ({
        allows: ({ args: [first] }) => {
          if (typeof first === 'object' && first !== null) Object.assign(first, { seen: true });
          return true;
        },
      }),
    },
    [ARGUMENTS],
  ],
  [
    'sets the time of a date in order to compare days',
    {
      create: () => ({
        allows: ({ args: [first] }) =>
          !(first instanceof Date) || first.setUTCHours(0, 0, 0, 0) === 0,
      }),
    },
    [ARGUMENTS],
  ],
  [
    'throws in `allows`',
    {
      create: () => ({
        allows: () => {
          throw new Error('unexpected');
        },
      }),
    },
    [THROWS],
  ],
  [
    'runs effects itself',
    { create: () => ({ onEnqueue: ({ effect }) => void effect() }) },
    [THROWS],
  ],
  ['runs effects later, in another order', { create: () => new Late() }, [THROWS]],
  [
    'leaves the answer to local policies',
    { create: () => ({ allows: (intent) => intent.passesLocalPolicies() }) },
    [AROUND_CALLS],
  ],
  ['has static state', { create: () => Static, remembers: 'application' }, [APPLICATIONS]],
  [
    'remembers other scopes and says it does not',
    {
      create: () => {
        let asked = 0;
        return { allows: () => asked++ < 5 };
      },
    },
    [SEVERAL],
  ],
  [
    'counts one scope at a time',
    { create: () => new OneAtATime(), remembers: 'flush' },
    [AROUND_SCOPES, SEVERAL],
  ],
  [
    'goes by the scope a call was made in',
    { create: () => new PerBirthplace(), remembers: 'flush' },
    [AROUND_SCOPES],
  ],
  [
    'counts calls that never reach the flush',
    { create: () => new TooEarly(), remembers: 'flush' },
    [AROUND_SCOPES, SEVERAL],
  ],
];

/** Text of a comparison that failed, under Jest and under Vitest. */
const MISS = /to(?:Equal| deeply equal)/;

describe.each(faults)('when a policy %s', (_, options, expected) => {
  it('fails where that shows, and nowhere else', async () => {
    const failed: string[] = [];
    const errors: string[] = [];
    for (const [name, run] of casesOf(() => describePolicyContract('broken', options))) {
      await run().catch((error: unknown) => {
        failed.push(name);
        errors.push(String(error));
      });
    }
    expect(errors.filter((error) => !MISS.test(error))).toEqual([]);
    expect(failed).toEqual(expected);
  });
});

/** Error of a comparison: Jest keeps both sides in `matcherResult`, Vitest in the error itself. */
type Comparison = {
  readonly actual?: readonly string[];
  readonly matcherResult?: { readonly actual: readonly string[] };
} | void;

/** Policies that break down at one kind of call, as written by somebody who had others in mind. */
const breaking: readonly (readonly [kind: string, look: (intent: Intent) => unknown])[] = [
  ['PolicyContract.withoutArguments', ({ args }) => args.reduce((first) => first)],
  ['(anonymous)', ({ name }) => name.split('.')[1]!.length],
  ['PolicyContract.onFailure', ({ on }) => ({ success: [7], always: [7] })[on as 'always'].length],
  [
    'PolicyContract.dispatchOptions',
    ({ dispatchOptions }) => dispatchOptions && (dispatchOptions['tenant'] as string).length,
  ],
  ['PolicyContract.nothing', ({ args }) => args.map((arg) => (arg as object).constructor)],
  ['PolicyContract.notJson', ({ args }) => structuredClone(args)],
  [
    'PolicyContract.withoutPrototype',
    ({ args }) =>
      args.map((arg) => typeof arg === 'object' && arg && `${arg as unknown as string}`),
  ],
  [
    'PolicyContract.circular',
    ({ args }) =>
      JSON.stringify(args, (_, item: unknown) => (typeof item === 'bigint' ? String(item) : item)),
  ],
];

describe.each(breaking)('when a policy breaks down at %s alone', (kind, look) => {
  const faultsOf = async (policy: Policy): Promise<readonly string[]> => {
    const cases = casesOf(() => describePolicyContract('broken', { create: () => policy }));
    const error: Comparison = await cases.get(THROWS)!().catch(
      (caught: unknown) => caught as object,
    );
    return (error?.matcherResult ?? error)?.actual ?? [];
  };

  it.each([
    ['at the call', { onEnqueue: (intent) => void look(intent) }],
    ['at the flush', { allows: (intent) => (look(intent), true) }],
  ] satisfies [string, Policy][])('names that call %s', async (_, policy) => {
    const found = await faultsOf(policy);
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(kind);
  });
});

describe('when all faults are counted', () => {
  const options: PolicyContractOptions = {
    create: () => ({}),
    refuses: ['e'],
    lets: ['b'],
    drops: ['d'],
  };
  const all = casesOf(() => describePolicyContract('any', options));

  it('has shown each case of the contract to fail', () => {
    const shown = new Set(faults.flatMap(([, , cases]) => cases));
    expect([...all.keys()].filter((name) => !shown.has(name))).toEqual([]);
  });
});
