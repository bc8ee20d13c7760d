import { inspect } from 'node:util';
import { AirlockOptionsError, currentScope, defer, NoScopeError, runInScope } from 'nestjs-airlock';
import { checkAfterEach, errorOf, isCollected, send, sent } from '../fixtures.js';

checkAfterEach();

class Mailer {
  readonly #from = 'me';
  address = 'me@example.org';
  send(to: string): string {
    send(`${this.#from} to ${to}`);
    return 'sent';
  }
}

class Printable extends Mailer {
  override toString(): string {
    send('toString ran');
    return 'Printable';
  }
  override valueOf(): object {
    send('valueOf ran');
    return this;
  }
  toJSON(): object {
    send('toJSON ran');
    return {};
  }
}

describe('when a method of a deferred object is called', () => {
  it('is buffered, gives nothing back, and runs with its object at the flush', async () => {
    await runInScope(() => {
      const result: void = defer(new Mailer()).send('ann');
      expect(result).toBeUndefined();
      expect(sent).toEqual([]);
    });
    expect(sent).toEqual(['me to ann']);
  });

  it('may be taken from the proxy and called alone', async () => {
    await runInScope(() => {
      const { send: deferredSend } = defer(new Mailer());
      ['ann', 'bob'].forEach((to) => deferredSend(to));
    });
    expect(sent).toEqual(['me to ann', 'me to bob']);
  });

  it('goes into the scope of the call, not of defer()', async () => {
    const mailer = defer(new Mailer());
    await runInScope(() => mailer.send('ann'));
    expect(sent).toEqual(['me to ann']);
    expect(await errorOf(() => mailer.send('bob'))).toBeInstanceOf(NoScopeError);
  });

  it('runs the method that the object had at the call', async () => {
    const target = { send };
    await runInScope(() => {
      defer(target).send('before');
      target.send = () => send('replaced');
      defer(target).send('after');
    });
    expect(sent).toEqual(['before', 'replaced']);
  });

  it('may belong to a frozen object, to a class or to a function', async () => {
    const frozen = Object.freeze({ send });
    await runInScope(() => {
      defer(frozen).send('frozen');
      defer(
        class Statics {
          static send(text: string): void {
            send(text);
          }
        },
      ).send('static');
      defer(Object.assign(() => {}, { send })).send('function');
    });
    expect(sent).toEqual(['frozen', 'static', 'function']);
  });

  it('takes the options of defer for every call', async () => {
    await runInScope((scope) => {
      const mailer = defer(new Mailer(), { name: 'Mail.out', origin: 'signup', on: 'always' });
      mailer.send('ann');
      mailer.send('bob');
      expect(scope.intents.map(({ name, origin, on }) => [name, origin, on])).toEqual([
        ['Mail.out', 'signup', 'always'],
        ['Mail.out', 'signup', 'always'],
      ]);
    });
  });
});

describe('when a method of one object is called again', () => {
  it('is the same effect, whichever proxy it is called through', async () => {
    const mailer = new Mailer();
    await runInScope((scope) => {
      const proxy = defer(mailer);
      proxy.send('ann');
      proxy.send('bob');
      defer(mailer, { name: 'Mail.out' }).send('cid');
      const [first, ...others] = scope.intents.map(({ effect }) => effect);
      expect(others).toEqual([first, first]);
      expect(others.every((effect) => effect === first)).toBe(true);
    });
  });

  it('is another effect than the same method of another object, and than another method of its own', async () => {
    const [one, two] = [Object.assign(new Mailer(), { print: send }), new Mailer()];
    await runInScope((scope) => {
      defer(one).send('ann');
      defer(two).send('ann');
      defer(one).print('ann');
      one.send = () => 'replaced';
      defer(one).send('ann');
      expect(new Set(scope.intents.map(({ effect }) => effect)).size).toBe(4);
    });
  });

  it('keeps neither a method that the object makes anew for every call, nor an object nobody else holds', async () => {
    const lasting = { send: (_text: string): void => {} };
    const made = await runInScope(() => {
      const method = (text: string): void => send(text);
      const passing = { send: method };
      lasting.send = method;
      defer(lasting).send('lasting');
      defer(passing).send('passing');
      lasting.send = () => {};
      return [new WeakRef(method), new WeakRef(passing)];
    });
    expect(sent).toEqual(['lasting', 'passing']);
    for (const reference of made) expect(await isCollected(reference)).toBe(true);
    expect(lasting).toBeDefined();
  });
});

describe('when a deferred object is used as a value', () => {
  const uses: [string, (proxy: object) => unknown][] = [
    ['awaited', (proxy) => Promise.resolve(proxy)],
    ['returned from an async function', (proxy) => (async () => proxy)()],
    ['turned into a text', (proxy) => String(proxy as unknown as string)],
    ['put into a template', (proxy) => `${proxy as unknown as string}`],
    ['compared with a text', (proxy) => (proxy as unknown as string) == 'text'],
    ['added to a number', (proxy) => (proxy as unknown as number) + 1],
    ['turned into JSON', (proxy) => JSON.stringify(proxy)],
    ['inspected', (proxy) => inspect(proxy)],
    [
      'asked for its properties',
      (proxy) => [Object.keys(proxy), 'send' in proxy, proxy.hasOwnProperty('send')],
    ],
  ];

  it.each(uses)('enqueues nothing if it is %s', async (_, use) => {
    await runInScope(async (scope) => {
      await use(defer(new Mailer()));
      expect(scope.intents).toEqual([]);
    });
    expect(sent).toEqual([]);
  });

  it.each(uses)(
    'enqueues nothing if it has toString, valueOf and toJSON of its own and is %s',
    async (_, use) => {
      await runInScope(async (scope) => {
        await use(defer(new Printable()));
        expect(scope.intents).toEqual([]);
      });
    },
  );

  it('shows no property that is no method', () => {
    expect((defer(new Mailer()) as unknown as Mailer).address).toBeUndefined();
    expect((defer(new Mailer()) as unknown as { missing: unknown }).missing).toBeUndefined();
  });

  it('has no then even if its object is thenable', async () => {
    const thenable = { then: (resolve: () => void) => (send('then ran'), resolve()), send };
    await runInScope(async (scope) => {
      const proxy = defer(thenable);
      expect(await (proxy as unknown)).toBe(proxy);
      expect(scope.intents).toEqual([]);
    });
    expect(sent).toEqual([]);
  });

  it('refuses to have anything set, and says so', async () => {
    const target = new Mailer();
    const error = await errorOf(() => Object.assign(defer(target), { address: 'you' }));
    expect(error).toBeInstanceOf(AirlockOptionsError);
    expect(error.message).toBe(
      '`Mailer.address` cannot be set on a deferred object; its methods can only be called.',
    );
    expect(target.address).toBe('me@example.org');
  });
});

describe('when something that has no methods is deferred', () => {
  it.each<[unknown, string]>([
    [undefined, '`undefined`'],
    [null, '`null`'],
    ['text', '`text` (string)'],
    [7, '`7` (number)'],
    [Symbol('s'), '`Symbol(s)` (symbol)'],
  ])('refuses %p at once', async (target, shown) => {
    const error = await errorOf<AirlockOptionsError>(() => defer(target as object));
    expect(error).toBeInstanceOf(AirlockOptionsError);
    expect(error).toMatchObject({ code: 'AIRLOCK_OPTIONS', key: 'target' });
    expect(error.message).toBe(
      `Expected \`target\` to be an object whose methods are to be deferred, got ${shown}.`,
    );
    expect(currentScope()).toBeUndefined();
  });
});
