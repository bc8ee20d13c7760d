function having(
  key: string,
  descriptor: PropertyDescriptor,
  of: object = new Error('odd'),
): object {
  return Object.defineProperty(of, key, { configurable: true, ...descriptor });
}
function getter(key: string): object {
  return having(key, {
    get: () => {
      throw new Error(`no ${key}`);
    },
  });
}

/** What may be thrown and is hard to print. */
export const oddities: Readonly<Record<string, () => unknown>> = {
  'a revoked proxy': () => {
    const { proxy, revoke } = Proxy.revocable(new Error('odd'), {});
    revoke();
    return proxy;
  },
  'a proxy that refuses everything': () =>
    new Proxy(new Error('odd'), {
      get: () => {
        throw new Error('no');
      },
      has: () => {
        throw new Error('no');
      },
      getPrototypeOf: () => {
        throw new Error('no');
      },
    }),
  'an error whose name is a symbol': () => having('name', { value: Symbol('name') }),
  'an error whose message is a symbol': () => having('message', { value: Symbol('message') }),
  'an error whose name throws': () => getter('name'),
  'an error whose message throws': () => getter('message'),
  'an error whose stack throws': () => getter('stack'),
  'an error whose cause throws': () => getter('cause'),
  'an error whose then throws': () => getter('then'),
  'an error with 20,000 causes': () => {
    let error = new Error('the first cause');
    for (let i = 0; i < 20_000; i++) error = new Error(`cause ${i}`, { cause: error });
    return error;
  },
  'an aggregate that has no errors': () =>
    having('errors', { value: Symbol('none') }, new AggregateError([])),
  'an error with a message of a million letters': () => new Error('x'.repeat(1_000_000)),
  'an object without a prototype': () => Object.create(null) as unknown,
  'an object that throws when it is made a text': () => ({
    toString: () => {
      throw new Error('no text');
    },
  }),
  'a symbol': () => Symbol('thrown'),
  undefined: () => undefined,
};
