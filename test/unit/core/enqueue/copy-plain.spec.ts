import { runInNewContext } from 'node:vm';
import { enqueue, runInScope } from 'nestjs-airlock';
import { copyPlain } from '../../../../lib/core/enqueue/copy-plain.js';

class Order {
  lines: string[] = [];
}

class Lines extends Array<string> {}

const copyOf = <T>(value: T): T => copyPlain([value])[0] as T;

function frozenArguments(..._args: unknown[]): unknown {
  return (function (this: unknown) {
    return arguments;
  })();
}

describe('when an argument is plain data', () => {
  it('is copied deeply', () => {
    const order = { lines: [{ id: 1 }], to: { name: 'Ada' } };
    const copy = copyOf(order);
    order.lines[0]!.id = 2;
    order.lines.push({ id: 3 });
    order.to.name = 'Bob';
    expect(copy).toEqual({ lines: [{ id: 1 }], to: { name: 'Ada' } });
  });

  it('keeps cycles, and is one copy wherever one object occurs twice', () => {
    const ring: { self?: unknown } = {};
    ring.self = ring;
    const [a, b, [c]] = copyPlain([ring, ring, [ring]]) as [
      typeof ring,
      typeof ring,
      [typeof ring],
    ];
    expect(a).not.toBe(ring);
    expect(a.self).toBe(a);
    expect(b).toBe(a);
    expect(c).toBe(a);
  });

  it('keeps the order of keys, symbols and a `__proto__` that is data', () => {
    const mark = Symbol('mark');
    const source = JSON.parse('{"b":1,"__proto__":{"a":[1]}}') as Record<PropertyKey, unknown>;
    source['a'] = 2;
    source[mark] = { id: 1 };
    const copy = copyOf(source);
    expect(Reflect.ownKeys(copy)).toEqual(['b', '__proto__', 'a', mark]);
    expect(Object.getPrototypeOf(copy)).toBe(Object.prototype);
    expect(Object.getOwnPropertyDescriptor(copy, '__proto__')!.value).toEqual({ a: [1] });
    expect(copy[mark]).toEqual({ id: 1 });
    expect(copy[mark]).not.toBe(source[mark]);
  });

  it('has its hidden properties, as they are: those of a React element answer to themselves alone', () => {
    const task = {
      run<R>(fn: () => R): R {
        if (this !== task) throw new TypeError("'run' called with illegal receiver"); // as V8's do
        return fn();
      },
    };
    const element = Object.defineProperty({ props: { order: 7 } }, '_debugTask', { value: task });
    const copy = copyOf(element) as typeof element & { _debugTask: typeof task };
    expect(Object.keys(copy)).toEqual(['props']);
    expect(copy._debugTask.run(() => copy.props)).toEqual({ order: 7 });
  });

  it('keeps an object without a prototype as one', () => {
    const source = Object.assign(Object.create(null) as object, { id: 1 });
    const copy = copyOf(source);
    expect(Object.getPrototypeOf(copy)).toBeNull();
    expect(copy).toEqual(source);
    expect(copy).not.toBe(source);
  });

  it('keeps holes and the names of an array', () => {
    // oxlint-disable-next-line no-sparse-arrays
    const [holes, match] = [[1, , undefined, 4], /(?<year>\d+)/.exec('in 1815')!];
    expect(2 in copyOf(holes)).toBe(true);
    expect(1 in copyOf(holes)).toBe(false);
    expect(copyOf(holes)).toHaveLength(4);
    expect(copyOf(match)).toMatchObject({ index: 3, input: 'in 1815', groups: { year: '1815' } });
    const template = ((strings: TemplateStringsArray) => strings)`a\n`;
    expect(copyOf(template).raw).toEqual(['a\\n']);
  });

  it('reads a getter at the call, and leaves one that throws to the effect', () => {
    let count = 0;
    const copy = copyOf({
      get count() {
        return ++count;
      },
      get broken(): number {
        throw new Error('on purpose');
      },
    });
    expect([copy.count, copy.count]).toEqual([1, 1]);
    expect(() => copy.broken).toThrow('on purpose');
  });

  it('is a copy that can be changed where the original is frozen', () => {
    const copy = copyOf(Object.freeze({ list: Object.freeze([1]) as number[] }));
    copy.list.push(2);
    expect(copy).toEqual({ list: [1, 2] });
  });

  it('is recognised in another realm', () => {
    const source = runInNewContext('({ list: [{ id: 1 }] })') as { list: { id: number }[] };
    const copy = copyOf(source);
    source.list[0]!.id = 2;
    source.list.push({ id: 3 });
    expect(copy.list).toHaveLength(1);
    expect(copy.list[0]!.id).toBe(1);
  });

  it('takes no stack, however deep it is, and no longer than its elements, however long an array says it is', () => {
    let deep: { below?: object } = {};
    for (let i = 0; i < 100_000; i++) deep = { below: deep };
    let levels = 0;
    for (let at: { below?: object } | undefined = copyOf(deep); at !== undefined; at = at.below)
      levels++;
    expect(levels).toBe(100_001);
    const sparse: number[] = [];
    sparse[4_000_000_000] = 1;
    expect(Object.entries(copyOf(sparse))).toEqual([['4000000000', 1]]);
    const long = Array.from({ length: 5_000 }, (_, i) => i);
    Reflect.deleteProperty(long, 4_000);
    expect(4_000 in copyOf(long)).toBe(false);
    expect(copyOf(long)).toEqual(long);
  });
});

describe('when an argument is anything else', () => {
  const order = new Order();
  const revoked = Proxy.revocable({}, {});
  revoked.revoke();
  it.each<[string, unknown]>([
    ['an instance', order],
    [
      'an instance of a class without a parent',
      Object.create(Object.create(null, { run: { value() {} } })),
    ],
    ['an array of a class of its own', Lines.of('a')],
    ['a Date', new Date()],
    ['a Map', new Map()],
    ['a Buffer', Buffer.from('a')],
    ['a Promise', Promise.resolve()],
    ['an Error', new Error('a')],
    ['a function', () => {}],
    ['`arguments`', frozenArguments()],
    ['what the language hands out', Math],
    ['a revoked proxy', revoked.proxy],
  ])('keeps %s by reference, at the top and inside plain data', (_, value) => {
    expect(Object.is(copyPlain([value])[0], value)).toBe(true);
    expect(Object.is(copyOf({ list: [value] }).list[0], value)).toBe(true);
  });

  it('keeps primitives, and the array of arguments itself', () => {
    const args = [1, 'a', null, undefined, true, 1n, Symbol.iterator, Number.NaN];
    expect(copyPlain(args)).toBe(args);
  });
});

describe('when the target of a copy has a policy that looks at the arguments', () => {
  it('shows it the copy that goes out', async () => {
    const seen: unknown[] = [];
    const order = { id: 1 };
    await runInScope({ policy: { onEnqueue: ({ args }) => void seen.push(args[0]) } }, () =>
      enqueue((given: object) => void seen.push(given), order),
    );
    expect(seen[0]).toBe(seen[1]);
    expect(seen[0]).not.toBe(order);
  });
});
