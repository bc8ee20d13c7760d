import * as ours from 'nestjs-airlock';

/** The package as a second installed copy brings it: other classes of the same names. */
function secondCopy(): typeof ours {
  let copy: typeof ours | undefined;
  jest.isolateModules(() => {
    copy = jest.requireActual<typeof ours>('nestjs-airlock');
  });
  return copy!;
}

const theirs = secondCopy();

type Copy = typeof ours;

const RAISE: [keyof Copy, (copy: Copy) => Error][] = [
  ['AirlockOptionsError', (copy) => new copy.AirlockOptionsError('key', 'text')],
  ['BufferLimitError', (copy) => new copy.BufferLimitError('effect', 'scope', 1)],
  ['CascadeDepthError', (copy) => new copy.CascadeDepthError(['a'], 1)],
  ['DispatchError', (copy) => new copy.DispatchError([], 'scope')],
  [
    'EffectSerializationError',
    (copy) => new copy.EffectSerializationError('effect', 'args[0]', 'a bigint'),
  ],
  ['MissingResultError', (copy) => new copy.MissingResultError('executor', 'effect')],
  ['NoScopeError', (copy) => new copy.NoScopeError('effect')],
  ['PolicyEnqueueError', (copy) => new copy.PolicyEnqueueError('policy', 'effect')],
  ['PolicyViolationError', (copy) => new copy.PolicyViolationError('policy', 'effect')],
  [
    'ScopeClosedError',
    (copy) => new copy.ScopeClosedError('effect', 'scope', 'flushed', 'the end'),
  ],
  ['ScopeStateError', (copy) => new copy.ScopeStateError('scope', 'open', 'text')],
  ['ShuttingDownError', (copy) => new copy.ShuttingDownError('scope')],
  ['UnknownEffectError', (copy) => new copy.UnknownEffectError('effect', [])],
];

function classOf(copy: Copy, name: keyof Copy): new (...args: never[]) => Error {
  return copy[name] as never;
}

describe('when two copies of the package are installed', () => {
  it('is really two: they share no class', () => {
    for (const [name] of RAISE) expect(classOf(ours, name)).not.toBe(classOf(theirs, name));
  });

  it.each(RAISE)('recognises %s of either copy by the class of the other', (name, raise) => {
    expect(raise(theirs)).toBeInstanceOf(classOf(ours, name));
    expect(raise(theirs)).toBeInstanceOf(ours.AirlockError);
    expect(raise(ours)).toBeInstanceOf(classOf(theirs, name));
    expect(raise(ours)).toBeInstanceOf(theirs.AirlockError);
  });

  it.each(RAISE)('takes %s of the other copy for no other class', (name, raise) => {
    const matched = RAISE.filter(([other]) => raise(theirs) instanceof classOf(ours, other)).map(
      ([other]) => other,
    );
    expect(matched).toEqual(
      name === 'ScopeClosedError' ? ['ScopeClosedError', 'ScopeStateError'] : [name],
    );
  });
});

describe('when a minifier has renamed the classes', () => {
  it('still names its errors by their own names', () => {
    const known = Object.getOwnPropertyDescriptor(ours.NoScopeError, 'name')!;
    Object.defineProperty(ours.NoScopeError, 'name', { ...known, value: 'e' });
    try {
      expect(new ours.NoScopeError('effect').name).toBe('NoScopeError');
    } finally {
      Object.defineProperty(ours.NoScopeError, 'name', known);
    }
  });
});

describe('when somebody extends an error of ours', () => {
  class MyNoScopeError extends ours.NoScopeError {}
  class MyDispatchError extends ours.DispatchError {}
  class MyAirlockError extends ours.AirlockError {
    constructor() {
      super('MY_CODE', 'text');
    }
  }

  it('matches its own instances and the classes above', () => {
    const error = new MyNoScopeError('effect');
    expect(error).toBeInstanceOf(MyNoScopeError);
    expect(error).toBeInstanceOf(ours.NoScopeError);
    expect(error).toBeInstanceOf(ours.AirlockError);
    expect(error).toBeInstanceOf(theirs.NoScopeError);
    expect(error.name).toBe('MyNoScopeError');
    expect(new MyAirlockError()).toBeInstanceOf(ours.AirlockError);
    expect(new MyAirlockError()).toMatchObject({ name: 'MyAirlockError', code: 'MY_CODE' });
    expect(new MyDispatchError([], 'scope')).toBeInstanceOf(MyDispatchError);
    expect(new MyDispatchError([], 'scope')).toBeInstanceOf(ours.DispatchError);
  });

  it('does not match errors of the class above, of either copy', () => {
    expect(new ours.NoScopeError('effect')).not.toBeInstanceOf(MyNoScopeError);
    expect(new theirs.NoScopeError('effect')).not.toBeInstanceOf(MyNoScopeError);
    expect(new ours.NoScopeError('effect')).not.toBeInstanceOf(MyAirlockError);
    expect(new ours.DispatchError([], 'scope')).not.toBeInstanceOf(MyDispatchError);
    expect(new MyAirlockError()).not.toBeInstanceOf(ours.NoScopeError);
  });
});

describe('when something else is asked', () => {
  it.each([
    [undefined],
    [null],
    ['text'],
    [7],
    [{}],
    [{ code: 'AIRLOCK_NO_SCOPE' }],
    [new Error('text')],
    [() => {}],
  ])('is no AirlockError: %p', (value) => {
    expect(value instanceof ours.AirlockError).toBe(false);
    expect(value instanceof ours.NoScopeError).toBe(false);
    expect(value instanceof ours.DispatchError).toBe(false);
  });

  it('is no DispatchError for being an AggregateError', () => {
    expect(new AggregateError([])).not.toBeInstanceOf(ours.DispatchError);
  });
});
