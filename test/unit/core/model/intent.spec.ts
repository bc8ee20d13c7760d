import { inspect } from 'node:util';
import { setImmediate } from 'node:timers/promises';
import {
  defer,
  type EffectCall,
  enqueue,
  enqueueWith,
  type EnqueueOptions,
  type Executor,
  type Intent,
  openScope,
  runInScope,
} from 'nestjs-airlock';
import { checkAfterEach, send, sent, texts } from '../fixtures.js';

checkAfterEach();

/** What one call becomes. */
async function intentOf(call: () => void, name?: string): Promise<Intent> {
  return runInScope({ ...(name !== undefined && { name }), shouldFlush: () => false }, (scope) => {
    call();
    return scope.intents[0]!;
  });
}

class MailService {
  send(_to: string): void {}
  static sweep(): void {}
}

describe('when an effect is called', () => {
  it.each<[string, () => void, string]>([
    ['the name of a function', () => enqueue(send, 'a'), 'send'],
    [
      'Class.method for a deferred instance',
      () => defer(new MailService()).send('a'),
      'MailService.send',
    ],
    ['Class.method for a deferred class', () => defer(MailService).sweep(), 'MailService.sweep'],
    ['the method alone for a plain object', () => defer({ send }).send('a'), 'send'],
    ['the method alone for an object without a prototype', () => defer(bare()).send('a'), 'send'],
    ['(anonymous) for a function without a name', () => enqueue(() => {}), '(anonymous)'],
    [
      'the name option above all',
      () => enqueueWith({ name: 'Mail.welcome' }, send, 'a'),
      'Mail.welcome',
    ],
    [
      'the name option of a deferred object',
      () => defer({ send }, { name: 'Mail.out' }).send('a'),
      'Mail.out',
    ],
  ])('takes %s', async (_, call, name) => {
    expect((await intentOf(call)).name).toBe(name);
  });

  it('takes the name of its scope as origin, and the option above it', async () => {
    expect((await intentOf(() => enqueue(send, 'a'), 'POST /orders')).origin).toBe('POST /orders');
    expect((await intentOf(() => enqueue(send, 'a'))).origin).toBeUndefined();
    expect(
      (await intentOf(() => enqueueWith({ origin: 'import' }, send, 'a'), 'POST /orders')).origin,
    ).toBe('import');
  });

  it('keeps the origin of the scope it was called in after capture', async () => {
    await runInScope({ name: 'outer' }, async (scope) => {
      await runInScope({ name: 'inner' }, () => enqueue(send, 'a'));
      expect(scope.intents[0]!.origin).toBe('inner');
    });
  });

  it('goes out on success unless said otherwise', async () => {
    expect((await intentOf(() => enqueue(send, 'a'))).on).toBe('success');
    expect((await intentOf(() => enqueueWith({ on: undefined as never }, send, 'a'))).on).toBe(
      'success',
    );
    expect((await intentOf(() => enqueueWith({ on: 'failure' }, send, 'a'))).on).toBe('failure');
  });

  it('carries the effect itself, its arguments and the dispatch options', async () => {
    const options = { dispatchOptions: { delay: 5 } };
    const intent = await intentOf(() => enqueueWith(options, send, 'a'));
    expect(intent).toMatchObject({ effect: send, args: ['a'], dispatchOptions: { delay: 5 } });
    expect((await intentOf(() => enqueue(send, 'a'))).dispatchOptions).toBeUndefined();
  });
});

describe('when an executor is asked about a call', () => {
  const seen: (readonly [string, EffectCall])[] = [];
  const executor: Executor = {
    execute: () => {},
    accepts: (call) => seen.push(['accepts', call]) > 0,
    keepArguments: (call) => {
      seen.push(['keepArguments', call]);
      return [...call.args];
    },
  };

  beforeEach(() => (seen.length = 0));

  it('sees its name, effect, arguments and dispatch options', async () => {
    const dispatchOptions = { delay: 5 };
    await runInScope({ executor }, () => enqueueWith({ dispatchOptions }, send, 'a'));
    const call = { name: 'send', effect: send, args: ['a'], dispatchOptions };
    expect(seen).toEqual([
      ['accepts', call],
      ['keepArguments', call],
    ]);
  });

  it('sees none where there are none', async () => {
    await runInScope({ executor }, () => enqueue(send, 'a'));
    expect(seen.map(([, { dispatchOptions }]) => dispatchOptions)).toEqual([undefined, undefined]);
  });
});

describe('when an intent is printed', () => {
  it('shows its name and id and never its arguments', async () => {
    const intent = await intentOf(() => enqueue(send, 'secret'));
    expect(intent.toString()).toBe(`send (${intent.id})`);
    expect(`${intent as unknown as string}`).not.toContain('secret');
    expect(inspect({ intent })).toBe(`{ intent: Intent send (${intent.id}) }`);
  });
});

describe('when an effect runs', () => {
  class Printer {
    print(): unknown {
      return record.call(this);
    }
  }
  const seen: unknown[] = [];
  function record(this: unknown): void {
    seen.push(this);
  }
  const printer = new Printer();
  function unbound<K extends string, F>(object: Record<K, F>, key: K): F {
    return object[key];
  }

  it.each<[string, unknown, () => void]>([
    ['no `this` as a function', undefined, () => enqueue(record)],
    [
      'no `this` as a function with options',
      undefined,
      () => enqueueWith({ name: 'Printer.print' }, record),
    ],
    [
      'no `this` as a method taken from its object',
      undefined,
      () => enqueue(unbound(printer, 'print')),
    ],
    ['its `this` as a bound function', printer, () => enqueue(record.bind(printer))],
    ['its object as a deferred method', printer, () => defer(printer).print()],
  ])('has %s', async (_, expected, call) => {
    seen.length = 0;
    await runInScope(call);
    await runInScope(() => enqueue(call));
    expect(seen).toEqual([expected, expected]);
    expect(seen[0]).toBe(expected);
  });
});

describe('when ids are given', () => {
  it('gives every intent its own, in one scope and across scopes', async () => {
    const ids = new Set<string>();
    for (let i = 0; i < 3; i++) {
      await runInScope((scope) => {
        for (let j = 0; j < 3; j++) enqueue(send, 'same');
        scope.intents.forEach(({ id }) => ids.add(id));
      });
    }
    expect(ids.size).toBe(9);
  });

  it('keeps the id from the call over capture and checkpoint to the executor', async () => {
    const seen: string[] = [];
    const known: string[] = [];
    await runInScope({ executor: ({ id }) => void seen.push(id) }, async (outer) => {
      await runInScope((inner) => {
        enqueue(send, 'a');
        known.push(inner.intents[0]!.id);
      });
      expect(outer.intents[0]!.id).toBe(known[0]);
      await outer.checkpoint();
      enqueue(send, 'b');
      known.push(outer.intents[0]!.id);
      await setImmediate();
    });
    expect(seen).toEqual(known);
    expect(new Set(known).size).toBe(2);
  });
});

describe('when somebody tries to change an intent', () => {
  it.each(['id', 'name', 'effect', 'args', 'origin', 'on', 'dispatchOptions', 'policies'] as const)(
    'refuses to have %s assigned',
    async (key) => {
      const intent = await intentOf(() =>
        enqueueWith({ name: 'n', origin: 'o', dispatchOptions: { a: 1 } }, send, 'a'),
      );
      const before = intent[key];
      expect(() => Object.assign(intent, { [key]: 'changed' })).toThrow(TypeError);
      expect(intent[key]).toEqual(before);
    },
  );

  it('refuses to have a field defined anew', async () => {
    const intent = await intentOf(() => enqueue(send, 'a'));
    Reflect.defineProperty(intent, 'name', { value: 'changed' });
    expect(intent.name).toBe('send');
  });

  it('refuses to have an argument exchanged or added', async () => {
    await runInScope((scope) => {
      enqueue(send, 'a');
      const args = scope.intents[0]!.args as unknown[];
      expect(() => (args[0] = 'changed')).toThrow(TypeError);
      expect(() => args.push('more')).toThrow(TypeError);
    });
    expect(sent).toEqual(['a']);
  });

  it('refuses to have a policy taken away', async () => {
    const intent = await intentOf(() =>
      enqueueWith({ policy: { allows: () => false } }, send, 'a'),
    );
    expect(() => (intent.policies as unknown[]).pop()).toThrow(TypeError);
    expect(intent.policies).toHaveLength(1);
  });

  it('refuses to have a dispatch option exchanged', async () => {
    const intent = await intentOf(() => enqueueWith({ dispatchOptions: { delay: 5 } }, send, 'a'));
    Reflect.set(intent.dispatchOptions!, 'delay', 0);
    expect(intent.dispatchOptions).toEqual({ delay: 5 });
  });
});

describe('when the options of a call are changed after it', () => {
  it('keeps those of the call', async () => {
    const options: { -readonly [K in keyof EnqueueOptions]: EnqueueOptions[K] } = {
      name: 'first',
      origin: 'here',
    };
    await runInScope((scope) => {
      enqueueWith(options, send, 'a');
      Object.assign(options, { name: 'second', origin: 'there', on: 'failure' });
      enqueueWith(options, send, 'b');
      expect(scope.intents.map(({ name, origin, on }) => [name, origin, on])).toEqual([
        ['first', 'here', 'success'],
        ['second', 'there', 'failure'],
      ]);
    });
  });

  it.each([
    ['as they are', (options: EnqueueOptions) => options],
    ['in a frozen object', (options: EnqueueOptions) => Object.freeze(options)],
  ])('keeps the dispatch options of the call, given %s', async (_, given) => {
    const dispatchOptions = { delay: 5 };
    const intent = await intentOf(() => {
      enqueueWith(given({ dispatchOptions }), send, 'a');
      dispatchOptions.delay = 0;
    });
    expect(intent.dispatchOptions).toEqual({ delay: 5 });
  });
});

describe('when a snapshot of a buffer is taken', () => {
  it.each(['intents', 'ownIntents', 'capturedIntents'] as const)(
    'gives %s as a list nobody can change',
    async (list) => {
      await runInScope(async (scope) => {
        await runInScope(() => enqueue(send, 'captured'));
        enqueue(send, 'own');
        const snapshot = scope[list] as Intent[];
        expect(snapshot.length).toBeGreaterThan(0);
        expect(() => snapshot.push(snapshot[0]!)).toThrow(TypeError);
        expect(() => (snapshot.length = 0)).toThrow(TypeError);
        expect(() => (snapshot[0] = snapshot.at(-1)!)).toThrow(TypeError);
        expect(() => Object.assign(scope, { [list]: [] })).toThrow(TypeError);
      });
      expect(sent).toEqual(['captured', 'own']);
    },
  );

  it('shows the buffer as it was then', async () => {
    await runInScope((scope) => {
      enqueue(send, 'a');
      const before = scope.intents;
      enqueue(send, 'b');
      expect(texts(before)).toEqual(['a']);
      expect(texts(scope.intents)).toEqual(['a', 'b']);
    });
  });

  it('shows nothing of a scope that ended', async () => {
    const scope = openScope();
    scope.run(() => enqueue(send, 'a'));
    await scope.end('completed');
    expect([scope.intents, scope.ownIntents, scope.capturedIntents]).toEqual([[], [], []]);
  });
});

function bare(): { send: (to: string) => void } {
  return Object.assign(Object.create(null) as { send: (to: string) => void }, { send });
}
