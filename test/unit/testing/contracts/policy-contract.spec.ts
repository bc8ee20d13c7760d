import { Inject, Injectable } from '@nestjs/common';
import {
  BlockTasks,
  enqueue,
  type Intent,
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

const PLACE = 'when it stands in another place › answers';

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

const faults: readonly (readonly [
  fault: string,
  options: PolicyContractOptions,
  cases: readonly string[],
])[] = [
  [
    'does something else than is stated',
    {
      create: () => new BlockTasks(['b', 'c']),
      lets: ['a', 'b'],
      drops: ['c', 'd'],
      refuses: ['e'],
    },
    [
      'when the calls that its author has stated are made › lets out, drops and refuses them as stated, in one scope',
      'when the calls that its author has stated are made › ends each as stated, alone',
    ],
  ],
  [
    'answers what is neither true nor false',
    { create: () => ({ allows: () => 1 as never }) },
    ['when it is asked › answers true or false, at once or in a Promise'],
  ],
  [
    'answers in a Promise what is neither',
    { create: () => ({ allows: async () => Promise.resolve(undefined as never) }) },
    ['when it is asked › answers true or false, at once or in a Promise'],
  ],
  [
    'refuses in a Promise',
    {
      create: () => ({ onEnqueue: () => Promise.reject(new Error('too late')) as never }),
      refuses: ['a'],
    },
    ['when it is asked › refuses at the call or not at all: a Promise comes too late'],
  ],
  [
    'calls an effect at the call',
    { create: () => ({ onEnqueue: () => enqueue(() => {}) }) },
    [
      'when it is asked › calls no effect, neither at the call nor at the flush, nor after an await',
    ],
  ],
  [
    'calls an effect at the flush',
    { create: () => ({ allows: () => (enqueue(() => {}), true) }) },
    [
      'when it is asked › calls no effect, neither at the call nor at the flush, nor after an await',
    ],
  ],
  [
    'calls an effect after an await',
    {
      create: () => ({
        allows: async () => {
          await Promise.resolve();
          enqueue(() => {});
          return true;
        },
      }),
    },
    [
      'when it is asked › calls no effect, neither at the call nor at the flush, nor after an await',
    ],
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
    [
      'when it is asked › leaves the arguments as they are',
      'when all kinds of calls are made › has an answer for an argument that is frozen',
    ],
  ],
  [
    'remembers what it says it does not',
    {
      create: () => {
        let asked = 0;
        return { allows: () => asked++ % 2 === 0 };
      },
    },
    ['when other scopes are there › answers in one after another as in the first'],
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
    [
      'a function without a name',
      'a method of a deferred object',
      'a method with @SideEffect()',
      'a call for failures',
      'a call with options for its executor',
      'a call without arguments',
      'arguments that are nothing',
      'arguments that JSON does not know',
      'an argument without a prototype',
      'an argument that contains itself',
      'an argument that is frozen',
    ].map((kind) => `when all kinds of calls are made › has an answer for ${kind}`),
  ],
  [
    'breaks down at a call it was to look at',
    {
      create: () => ({ onEnqueue: ({ args }) => void (args[0] as string).length }),
    },
    [
      'when all kinds of calls are made › has an answer for a call without arguments',
      'when all kinds of calls are made › has an answer for arguments that are nothing',
    ],
  ],
  [
    'refuses with what is no error',
    {
      create: () => ({
        onEnqueue: () => {
          // oxlint-disable-next-line typescript/only-throw-error -- that is the fault.
          throw 'no';
        },
      }),
      refuses: ['a'],
    },
    ['when it is asked › tells the caller in an Error where it refuses'],
  ],
  [
    'runs effects itself',
    { create: () => ({ onEnqueue: ({ effect }) => void effect() }) },
    [
      'when another policy drops every second call › lets none of those out',
      'when it lets calls out › lets each out once, in the order of the calls',
    ],
  ],
  [
    'runs effects later, in another order',
    { create: () => new Late() },
    ['when it lets calls out › lets each out once, in the order of the calls'],
  ],
  [
    'leaves the answer to local policies',
    { create: () => ({ allows: (intent) => intent.passesLocalPolicies() }) },
    [`${PLACE} around the calls as on the scope itself`],
  ],
  [
    'has static state',
    { create: () => Static, remembers: 'application' },
    [
      `${PLACE} on the whole application as on the scope itself`,
      'when other scopes are there › answers in each of two applications as if the other was not there',
    ],
  ],
  [
    'goes by the scope a call was made in',
    { create: () => new PerBirthplace(), remembers: 'flush' },
    [`${PLACE} around a nested scope as on the scope itself`],
  ],
  [
    'counts one scope at a time',
    { create: () => new OneAtATime(), remembers: 'flush' },
    ['when other scopes are there › answers in each of several at the same time as in one alone'],
  ],
  [
    'counts calls that never reach the flush',
    { create: () => new TooEarly(), remembers: 'flush' },
    [`${PLACE} around a nested scope that is discarded as on the scope itself`],
  ],
];

describe.each(faults)('when a policy %s', (_, options, expected) => {
  const cases = casesOf(() => describePolicyContract('broken', options));

  it.each(expected)('fails: %s', async (name) => {
    await expect(cases.get(name)!()).rejects.toThrow(/to(?:Equal| deeply equal)/);
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
