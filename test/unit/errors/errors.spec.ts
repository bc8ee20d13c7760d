import { inspect } from 'node:util';
import {
  AirlockError,
  AirlockOptionsError,
  BufferLimitError,
  CascadeDepthError,
  DispatchError,
  EffectSerializationError,
  MissingResultError,
  NoScopeError,
  PolicyEnqueueError,
  PolicyViolationError,
  ScopeClosedError,
  ScopeStateError,
  ShuttingDownError,
  UnknownEffectError,
} from 'nestjs-airlock';

const cause = new Error('cause');

const CASES: [string, Error, string, Record<string, unknown>][] = [
  [
    'AirlockOptionsError',
    new AirlockOptionsError('executor', 'text'),
    'AIRLOCK_OPTIONS',
    { key: 'executor' },
  ],
  [
    'BufferLimitError',
    new BufferLimitError('Mail.send', 'job', 3),
    'AIRLOCK_BUFFER_LIMIT',
    { effect: 'Mail.send', scope: 'job', limit: 3 },
  ],
  [
    'CascadeDepthError',
    new CascadeDepthError(['a', 'b'], 1),
    'AIRLOCK_CASCADE_DEPTH',
    { chain: ['a', 'b'], maxDepth: 1 },
  ],
  [
    'DispatchError',
    new DispatchError([{ intent: { name: 'Mail.send' }, error: cause }], 'job'),
    'AIRLOCK_DISPATCH',
    { scope: 'job', failures: [{ intent: { name: 'Mail.send' }, error: cause }] },
  ],
  [
    'EffectSerializationError',
    new EffectSerializationError('Mail.send', 'args[0].when', 'an instance of Date'),
    'AIRLOCK_EFFECT_SERIALIZATION',
    { effect: 'Mail.send', path: 'args[0].when', found: 'an instance of Date' },
  ],
  [
    'MissingResultError',
    new MissingResultError('BullMq', 'Mail.send'),
    'AIRLOCK_MISSING_RESULT',
    { executor: 'BullMq', effect: 'Mail.send' },
  ],
  ['NoScopeError', new NoScopeError('Mail.send'), 'AIRLOCK_NO_SCOPE', { effect: 'Mail.send' }],
  [
    'PolicyEnqueueError',
    new PolicyEnqueueError('Greedy', 'Mail.send'),
    'AIRLOCK_POLICY_ENQUEUE',
    { policy: 'Greedy', effect: 'Mail.send' },
  ],
  [
    'PolicyViolationError',
    new PolicyViolationError('BlockTasks', 'Mail.send', 'job'),
    'AIRLOCK_POLICY_VIOLATION',
    { policy: 'BlockTasks', effect: 'Mail.send', origin: 'job' },
  ],
  [
    'ScopeClosedError',
    new ScopeClosedError('Mail.send', 'job', 'flushed', 'the end'),
    'AIRLOCK_SCOPE_CLOSED',
    { effect: 'Mail.send', scope: 'job', state: 'flushed', closedAt: 'the end' },
  ],
  [
    'ScopeStateError',
    new ScopeStateError('job', 'open', 'text'),
    'AIRLOCK_SCOPE_STATE',
    { scope: 'job', state: 'open' },
  ],
  ['ShuttingDownError', new ShuttingDownError('job'), 'AIRLOCK_SHUTTING_DOWN', { scope: 'job' }],
  [
    'UnknownEffectError',
    new UnknownEffectError('Mail.send', ['Mail.receive']),
    'AIRLOCK_UNKNOWN_EFFECT',
    { effect: 'Mail.send', known: ['Mail.receive'] },
  ],
];

describe.each(CASES)('when %s is raised', (name, error, code, facts) => {
  it('has its name, its code and its facts', () => {
    expect(error).toMatchObject({ name, code, ...facts });
  });

  it('is an Error with a stack and a message that names the facts', () => {
    expect(error).toBeInstanceOf(Error);
    expect(error.stack).toContain('errors.spec');
    expect(String(error)).toBe(`${name}: ${error.message}`);
    const named = [
      facts['effect'],
      facts['policy'],
      facts['executor'],
      facts['path'],
      facts['found'],
    ];
    for (const fact of named.filter((one) => one !== undefined))
      expect(error.message).toContain(fact);
  });

  it('shows no brand when it is printed or walked through', () => {
    expect(inspect(error)).not.toContain('nestjs-airlock.error');
    expect(Object.getOwnPropertySymbols(Object.assign({}, error))).toEqual([]);
  });

  it('is an AirlockError and of no other class of this package', () => {
    expect(error).toBeInstanceOf(AirlockError);
    const matched = CASES.filter(
      ([, other]) => error instanceof (other.constructor as typeof Error),
    );
    expect(matched.map(([other]) => other)).toEqual(
      name === 'ScopeClosedError' ? ['ScopeClosedError', 'ScopeStateError'] : [name],
    );
  });
});

describe('when every error is listed', () => {
  it('gives each a code of its own', () => {
    const codes = CASES.map(([, , code]) => code);
    expect(new Set(codes).size).toBe(CASES.length);
    expect(codes.filter((code) => !/^AIRLOCK_[A-Z_]+$/.test(code))).toEqual([]);
  });
});

describe('when an error has a cause', () => {
  it('keeps it', () => {
    expect(new AirlockOptionsError('key', 'text', { cause }).cause).toBe(cause);
    expect(new AirlockOptionsError('key', 'text')).not.toHaveProperty('cause');
  });
});

describe('when an option is not what was expected', () => {
  it.each<[unknown, string]>([
    [-1, '`-1` (number)'],
    ['text', '`text` (string)'],
    ['redis://user:secret@host:6379/1', '`redis://…` (string)'],
    [true, '`true` (boolean)'],
    [1n, '`1` (bigint)'],
    [undefined, '`undefined`'],
    [null, '`null`'],
    [['secret'], 'an object (array)'],
    [{ secret: 1 }, 'an object (Object)'],
    [Object.create(null), 'an object (object)'],
    [new Map(), 'an object (Map)'],
    [function named() {}, 'a function (named)'],
    [() => {}, 'a function (anonymous)'],
  ])('shows %p without what may be secret', (value, shown) => {
    expect(AirlockOptionsError.expected('key', 'something else', value).message).toBe(
      `Expected \`key\` to be something else, got ${shown}.`,
    );
  });
});

describe('when the other messages are read', () => {
  it.each<[Error, string]>([
    [
      new UnknownEffectError('Mail.sned', ['Mail.send', 'Sms.send']),
      'No effect is named "Mail.sned" here. Known effects: Mail.send, Sms.send. Deploy the code that has it, or fix the name.',
    ],
    [
      new UnknownEffectError('Mail.send', []),
      'No effect is named "Mail.send" here. Known effects: none. Deploy the code that has it, or fix the name.',
    ],
    [
      new PolicyViolationError('BlockTasks', 'Mail.send', 'POST /orders'),
      'Policy "BlockTasks" does not permit effect "Mail.send" in "POST /orders". Remove the call, or the policy from this path.',
    ],
    [
      new PolicyViolationError('BlockTasks', 'Mail.send'),
      'Policy "BlockTasks" does not permit effect "Mail.send". Remove the call, or the policy from this path.',
    ],
  ])('says what happened, where and what to do: %s', (error, message) => {
    expect(error.message).toBe(message);
  });
});
