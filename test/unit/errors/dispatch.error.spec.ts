import { AirlockError, DispatchError, enqueue, enqueueWith, runInScope } from 'nestjs-airlock';

function refuse(reason: unknown): void {
  throw reason;
}

/** The error of a scope whose effects throw these. */
async function raisedFor(...reasons: unknown[]): Promise<DispatchError> {
  const work = runInScope({ name: 'POST /orders' }, () => {
    // In a closure: what is thrown is to be the very object.
    reasons.forEach((reason, i) => enqueueWith({ name: `effect ${i}` }, () => refuse(reason)));
    enqueue(() => {});
  });
  return work.then(
    () => Promise.reject(new Error('Expected a DispatchError.')),
    (error: DispatchError) => error,
  );
}

describe('when effects of one flush fail', () => {
  it('is an AggregateError, an AirlockError and a DispatchError', async () => {
    const error = await raisedFor(new Error('a'));
    for (const type of [Error, AggregateError, AirlockError, DispatchError])
      expect(error).toBeInstanceOf(type);
    expect(error).toMatchObject({
      name: 'DispatchError',
      code: 'AIRLOCK_DISPATCH',
      scope: 'POST /orders',
    });
  });

  it('carries every failure with its intent, in order, and the first as its cause', async () => {
    const [a, b] = [new Error('a'), new TypeError('b')];
    const error = await raisedFor(a, b);
    expect(error.failures.map((failure) => [failure.intent.name, failure.error])).toEqual([
      ['effect 0', a],
      ['effect 1', b],
    ]);
    expect(error.errors).toEqual([a, b]);
    expect(error.cause).toBe(a);
  });

  it('says how many failed, which ones and why', async () => {
    expect((await raisedFor(new Error('a'), new TypeError('b'))).message).toBe(
      '2 of the effects that scope "POST /orders" let out failed: effect 0 (Error: a), effect 1 (TypeError: b). ' +
        'The work itself is done, and each of these may be sent again or left: `failures` of this error, which `onDispatchError` can be handed, has the calls.',
    );
  });

  it('says of effects that could not be written in a transaction that it is rolled back', () => {
    const failures = [{ intent: { name: 'Mail.send' }, error: new Error('no table') }];
    const error = new DispatchError(failures, 'POST /orders', 'orders database');
    expect(error.transaction).toBe('orders database');
    expect(error.message).toBe(
      '1 of the effects that scope "POST /orders" called in "orders database" could not be written before its COMMIT: Mail.send (Error: no table). ' +
        'So the transaction is rolled back, and nothing of it is stored or gets out. Mend what `failures` names, and run the work again.',
    );
  });

  it('ends no sentence within the sentence', async () => {
    expect((await raisedFor(new Error('The line is dead.'))).message).toContain(
      '(Error: The line is dead). The work',
    );
  });

  it.each<[unknown, string]>([
    ['text', 'text'],
    [undefined, 'undefined'],
    [null, 'null'],
    [7, '7'],
    [Symbol('s'), 'Symbol(s)'],
    [{ code: 1 }, '[object Object]'],
    [Object.create(null), ''],
  ])('is raised for what is no error too: %p', async (reason, shown) => {
    const error = await raisedFor(reason);
    expect(error).toBeInstanceOf(DispatchError);
    expect(error.failures[0]!.error).toBe(reason);
    expect(error.message).toContain(shown === '' ? 'effect 0' : `effect 0 (${shown})`);
  });
});
