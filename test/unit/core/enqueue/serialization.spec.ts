import {
  EffectSerializationError,
  enqueue,
  type Executor,
  type Intent,
  openScope,
  runInScope,
} from 'nestjs-airlock';
import { checkAfterEach, errorOf } from '../fixtures.js';

checkAfterEach();

class Remote implements Executor {
  readonly remote = true;
  readonly received: unknown[][] = [];
  execute(intent: Intent): void {
    this.received.push([...intent.args]);
  }
}

class Local implements Executor {
  readonly received: unknown[][] = [];
  execute(intent: Intent): void {
    this.received.push([...intent.args]);
  }
}

function nested(levels: number): unknown {
  let value: unknown = {};
  for (let i = 0; i < levels; i++) value = { value };
  return value;
}

class Order {
  constructor(readonly id: number) {}
}

function sync(..._args: unknown[]): void {}

function cyclic(): object {
  const value: { self?: unknown } = {};
  value.self = value;
  return value;
}

/** What a remote executor is given for these arguments. */
async function sentOver(...args: unknown[]): Promise<unknown[]> {
  const executor = new Remote();
  await runInScope({ executor }, () => enqueue(sync, ...args));
  return executor.received[0]!;
}

const shared = { id: 1 };

describe('when an argument leaves the process', () => {
  it.each<[string, unknown[], string, string]>([
    ['a Date', [new Date(0)], 'args[0]', 'an instance of Date'],
    ['a Map', [new Map()], 'args[0]', 'an instance of Map'],
    ['a Set', [new Set()], 'args[0]', 'an instance of Set'],
    ['a Buffer', [Buffer.from('a')], 'args[0]', 'an instance of Buffer'],
    ['an Error', [new Error('no')], 'args[0]', 'an instance of Error'],
    ['a bigint', [1n], 'args[0]', 'a bigint'],
    ['a function', [sync], 'args[0]', 'a function'],
    ['a symbol', [Symbol('s')], 'args[0]', 'a symbol'],
    ['NaN', [Number.NaN], 'args[0]', 'NaN'],
    ['Infinity', [-Infinity], 'args[0]', '-Infinity'],
    ['an instance of a class', [new Order(1)], 'args[0]', 'an instance of Order'],
    ['a Promise', [Promise.resolve()], 'args[0]', 'an instance of Promise'],
    ['a cycle', [cyclic()], 'args[0].self', 'a circular reference'],
    ['undefined before another argument', [undefined, 1], 'args[0]', 'undefined'],
    ['undefined in an array', [[1, undefined]], 'args[0][1]', 'undefined'],
    ['a Date in a property', [{ when: new Date(0) }], 'args[0].when', 'an instance of Date'],
    ['a later argument', ['a', { b: [{ c: 1n }] }], 'args[1].b[0].c', 'a bigint'],
    ['more levels than the stack has', [1, nested(100_000)], 'args[1]', 'data nested too deeply'],
    ['a key that is no identifier', [{ 'a-b': sync }], 'args[0]["a-b"]', 'a function'],
  ])('refuses %s in the stack of the caller, with its path', async (_, args, path, found) => {
    const scope = openScope({ executor: new Remote() });
    const error = await errorOf<EffectSerializationError>(() =>
      scope.run(() => enqueue(sync, ...args)),
    );
    expect(error).toBeInstanceOf(EffectSerializationError);
    expect(error).toMatchObject({
      code: 'AIRLOCK_EFFECT_SERIALIZATION',
      effect: 'sync',
      path,
      found,
    });
    expect(error.message).toBe(
      `Effect "sync" leaves the process, but \`${path}\` is ${found}, which JSON cannot carry. Pass plain data, such as an id or an ISO date.`,
    );
    expect(error.stack).toContain('serialization.spec');
    expect(scope.intents).toEqual([]);
    scope.close();
    await scope.flush();
  });

  it.each<[string, unknown]>([
    ['text', 'a'],
    ['a number', 1.5],
    ['a boolean', false],
    ['null', null],
    ['a list', [1, ['2', null]]],
    ['an object', { a: { b: [true] } }],
    ['an object without a prototype', Object.assign(Object.create(null) as object, { a: 1 })],
    ['an object in two places', [shared, shared]],
  ])('carries %s', async (_, value) => {
    expect(await sentOver(value)).toEqual([value]);
    expect(JSON.stringify(await sentOver(value))).toBe(JSON.stringify([value]));
  });

  it('leaves out properties and trailing arguments that are undefined, as JSON does', async () => {
    const [first, ...more] = await sentOver({ a: 1, b: undefined }, undefined);
    expect(more).toEqual([]);
    expect(Object.keys(first as object)).toEqual(['a']);
  });

  it('carries a key named __proto__ as data', async () => {
    const [value] = await sentOver(JSON.parse('{"__proto__":{"admin":true}}'));
    expect(JSON.stringify(value)).toBe('{"__proto__":{"admin":true}}');
    expect((value as { admin?: boolean }).admin).toBeUndefined();
  });

  it('carries what it was at the call, whatever is changed later', async () => {
    const executor = new Remote();
    const order = { id: 1, lines: [{ sku: 'a' }] };
    await runInScope({ executor }, () => {
      enqueue(sync, order);
      order.id = 2;
      order.lines[0]!.sku = 'b';
      order.lines.push({ sku: 'c' });
    });
    expect(executor.received).toEqual([[{ id: 1, lines: [{ sku: 'a' }] }]]);
  });

  it('keeps what is already buffered after a refusal', async () => {
    const executor = new Remote();
    await runInScope({ executor }, async () => {
      enqueue(sync, 'good');
      await errorOf(() => enqueue(sync, new Date()));
      enqueue(sync, 'also good');
    });
    expect(executor.received).toEqual([['good'], ['also good']]);
  });

  it('is decided by the executor of the call, also when a local scope captures it', async () => {
    const local = new Local();
    await runInScope({ executor: local }, async () => {
      const error = await errorOf(() =>
        runInScope({ executor: new Remote() }, () => enqueue(sync, 1n)),
      );
      expect(error).toBeInstanceOf(EffectSerializationError);
      enqueue(sync, 1n);
    });
    expect(local.received).toEqual([[1n]]);
  });
});

/**
 * Milliseconds that the copy of a value takes: the best of some, for others use the machine too.
 */
async function copyingMs(value: unknown): Promise<number> {
  const times: number[] = [];
  await runInScope({ executor: new Remote(), shouldFlush: () => false }, () => {
    for (let i = 0; i < 5; i++) {
      const start = performance.now();
      enqueue(sync, value);
      times.push(performance.now() - start);
    }
  });
  return Math.min(...times);
}

describe('when much data is nested deeply', () => {
  it('takes no longer than as much data that is not', async () => {
    const much = Array.from({ length: 50_000 }, (_, id) => ({ id }));
    let deep: unknown = much;
    for (let i = 0; i < 1_500; i++) deep = [deep];
    expect((await copyingMs(deep)) / (await copyingMs(much))).toBeLessThan(8);
  });
});

describe('when an argument stays in the process', () => {
  it('is what it was at the call where it is plain data, and itself where it is not', async () => {
    const executor = new Local();
    const order = { id: 1 };
    const when = new Date(0);
    await runInScope({ executor }, () => {
      enqueue(sync, order, when, sync);
      order.id = 2;
    });
    const [received] = executor.received;
    expect(received![0]).toEqual({ id: 1 });
    expect(received![1]).toBe(when);
    expect(received![2]).toBe(sync);
  });

  it('may be a cycle', async () => {
    const executor = new Local();
    await runInScope({ executor }, () => enqueue(sync, cyclic()));
    const value = executor.received[0]![0] as { self: unknown };
    expect(value.self).toBe(value);
  });
});
