import { setImmediate } from 'node:timers/promises';
import {
  defer,
  enqueue,
  enqueueWith,
  type Executor,
  type FlushReport,
  openFrame,
  openScope,
  type Outcome,
  runInScope,
  type ScopeOptions,
  withPolicy,
} from 'nestjs-airlock';
import { checkAfterEach, errorOf, fail, isCollected, send, sent, texts } from '../fixtures.js';

checkAfterEach();

class Mail {
  constructor(readonly from: string) {}
  send(text: string): void {
    send(`${this.from} ${text}`);
  }
  resend(text: string): void {
    send(`${this.from} ${text} again`);
  }
}

const once = { dedupeKey: 'key' };

/** What became of a scope. */
async function ended(
  work: () => void,
  options: ScopeOptions = {},
  outcome: Outcome = 'completed',
): Promise<FlushReport> {
  const scope = openScope(options);
  scope.run(work);
  return scope.end(outcome);
}

function refused(_text: string): void {
  throw new Error('refused by the server');
}

describe('when one effect is called twice under the same key', () => {
  it('lets the first out, with its arguments and at its place, and says what became of the second', async () => {
    const { dispatched, dropped } = await ended(() => {
      enqueueWith(once, send, 'first');
      enqueueWith({}, send, 'between');
      enqueueWith(once, send, 'second');
    });
    expect(sent).toEqual(['first', 'between']);
    expect(texts(dispatched)).toEqual(['first', 'between']);
    expect(dropped).toEqual([{ intent: expect.anything(), reason: 'duplicate' }]);
    expect(dropped[0]!.intent.args).toEqual(['second']);
  });

  it('buffers both, since it is not known yet which of them gets out', async () => {
    await runInScope((scope) => {
      enqueueWith(once, send, 'first');
      enqueueWith(once, send, 'second');
      expect(texts(scope.intents)).toEqual(['first', 'second']);
    });
  });

  it('recognises one method of one object through two deferred proxies', async () => {
    const mail = new Mail('me');
    await runInScope(() => {
      defer(mail, once).send('first');
      defer(mail, { dedupeKey: 'key', name: 'Other.name' }).send('second');
    });
    expect(sent).toEqual(['me first']);
  });

  it('remembers what a checkpoint has let out', async () => {
    await runInScope(async (scope) => {
      enqueueWith(once, send, 'first');
      await scope.checkpoint();
      enqueueWith(once, send, 'second');
      expect((await scope.checkpoint()).dropped.map(({ reason }) => reason)).toEqual(['duplicate']);
    });
    expect(sent).toEqual(['first']);
  });

  it('takes an empty key as a key', async () => {
    await runInScope(() => {
      enqueueWith({ dedupeKey: '' }, send, 'first');
      enqueueWith({ dedupeKey: '' }, send, 'second');
    });
    expect(sent).toEqual(['first']);
  });

  it('sends one of a batch', async () => {
    const batches: unknown[] = [];
    const executor: Executor = {
      execute: () => {},
      executeBatch: async (intents) => {
        batches.push(texts(intents));
        return intents.map((intent) => ({ intent }));
      },
    };
    const { dropped } = await ended(
      () => {
        for (const text of ['a', 'b', 'c'])
          enqueueWith({ dedupeKey: text === 'c' ? 'c' : 'key' }, send, text);
      },
      { executor },
    );
    expect(batches).toEqual([['a', 'c']]);
    expect(dropped.map(({ intent, reason }) => [intent.args[0], reason])).toEqual([
      ['b', 'duplicate'],
    ]);
  });
});

describe('when the first call under a key does not get out', () => {
  it.each<[string, () => void]>([
    [
      'a policy drops it',
      () => withPolicy({ allows: () => false }, () => enqueueWith(once, send, 'first')),
    ],
    [
      'a policy drops it in its own time',
      () => enqueueWith({ ...once, policy: { allows: async () => false } }, send, 'first'),
    ],
    [
      'a policy throws',
      () => enqueueWith({ ...once, policy: { allows: () => fail('no') as never } }, send, 'first'),
    ],
    ['it is for a failure', () => enqueueWith({ ...once, on: 'failure' }, send, 'first')],
    [
      'its transaction rolls back',
      () => {
        const frame = openFrame();
        frame.run(() => enqueueWith(once, send, 'first'));
        frame.rollBack();
      },
    ],
    [
      'the call is refused',
      () =>
        expect(() =>
          enqueueWith({ ...once, policy: { onEnqueue: () => fail('no') } }, send, 'first'),
        ).toThrow('no'),
    ],
  ])('lets the second out where %s', async (_, first) => {
    await ended(() => {
      first();
      enqueueWith(once, send, 'second');
      enqueueWith(once, send, 'third');
    });
    expect(sent).toEqual(['second']);
  });

  it('lets the second out where its nested scope fails', async () => {
    await runInScope(async () => {
      await errorOf(() => runInScope(() => (enqueueWith(once, send, 'first'), fail('inner'))));
      enqueueWith(once, send, 'second');
    });
    expect(sent).toEqual(['second']);
  });

  it('lets the one for failures out where the scope fails, and no other', async () => {
    const { dropped } = await ended(
      () => {
        enqueueWith(once, send, 'for success');
        enqueueWith({ ...once, on: 'failure' }, send, 'for failure');
        enqueueWith({ ...once, on: 'always' }, send, 'for both');
      },
      {},
      'failed',
    );
    expect(sent).toEqual(['for failure']);
    expect(dropped.map(({ reason }) => reason)).toEqual(['outcome', 'duplicate']);
  });

  it('does not run the second where the first was let out and failed: it may have done its work', async () => {
    const { failed, dropped } = await ended(() => {
      enqueueWith(once, refused, 'first');
      enqueueWith(once, refused, 'second');
    });
    expect(failed.map(({ intent }) => intent.args[0])).toEqual(['first']);
    expect(dropped.map(({ intent, reason }) => [intent.args[0], reason])).toEqual([
      ['second', 'duplicate'],
    ]);
  });
});

describe('when calls differ in what makes them the same', () => {
  it.each<[string, () => void, readonly string[]]>([
    [
      'by key',
      () => {
        enqueueWith({ dedupeKey: 'a' }, send, '1');
        enqueueWith({ dedupeKey: 'b' }, send, '2');
      },
      ['1', '2'],
    ],
    [
      'by function, under one name',
      () => {
        enqueueWith({ ...once, name: 'same' }, send, '1');
        enqueueWith({ ...once, name: 'same' }, (text: string) => send(text), '2');
      },
      ['1', '2'],
    ],
    [
      'by target',
      () => {
        defer(new Mail('one'), once).send('1');
        defer(new Mail('two'), once).send('2');
      },
      ['one 1', 'two 2'],
    ],
    [
      'by method',
      () => {
        const mail = defer(new Mail('me'), once);
        mail.send('1');
        mail.resend('2');
      },
      ['me 1', 'me 2 again'],
    ],
    [
      'in having no key at all',
      () => {
        enqueueWith({}, send, '1');
        enqueueWith({}, send, '2');
      },
      ['1', '2'],
    ],
  ])('keeps both %s', async (_, calls, expected) => {
    await runInScope(calls);
    expect(sent).toEqual(expected);
  });
});

describe('when several scopes call one effect under one key', () => {
  it('lets one out of the outermost and those nested in it', async () => {
    await runInScope(async () => {
      await runInScope(() => enqueueWith(once, send, 'inner'));
      await runInScope(() => runInScope(() => enqueueWith(once, send, 'innermost')));
      enqueueWith(once, send, 'outer');
    });
    expect(sent).toEqual(['inner']);
  });

  it('lets one out of many that run side by side', async () => {
    await runInScope(() =>
      Promise.all(
        Array.from({ length: 10 }, (_, i) =>
          runInScope(() => enqueueWith(once, send, `listener ${i}`)),
        ),
      ),
    );
    expect(sent).toEqual(['listener 0']);
  });

  it('counts what the outermost lets out early', async () => {
    await runInScope({ beforeDescendantFlushes: (_, intents) => intents }, async () => {
      enqueueWith(once, send, 'outer');
      await runInScope(() => enqueueWith(once, send, 'inner'));
      expect(sent).toEqual(['inner']);
    });
    expect(sent).toEqual(['inner']);
  });

  it('counts what a scope lets out that outlives it', async () => {
    let inner: Promise<void> | undefined;
    await runInScope(() => {
      enqueueWith(once, send, 'outer');
      inner = runInScope(async () => {
        await setImmediate();
        enqueueWith(once, send, 'inner');
        await setImmediate();
      });
    });
    await inner;
    expect(sent).toEqual(['outer']);
  });

  it('lets one out of each that is nested in none', async () => {
    await runInScope(() => enqueueWith(once, send, 'one'));
    await runInScope(() => enqueueWith(once, send, 'two'));
    expect(sent).toEqual(['one', 'two']);
  });

  it('takes what an effect calls for a unit of work of its own, for it comes after what it repeats', async () => {
    await runInScope(() => {
      enqueueWith(once, send, 'before');
      enqueue(() => {
        enqueueWith(once, send, 'after');
        enqueueWith(once, send, 'after again');
      });
    });
    expect(sent).toEqual(['before', 'after']);
  });
});

describe('when a call under a key has gone out before its scope ends', () => {
  it('leaves no argument of it behind', async () => {
    const scope = openScope();
    const call = (): WeakRef<object> => {
      const order = { id: 7 };
      enqueueWith({ dedupeKey: 'order 7' }, (_order: object) => {}, order);
      return new WeakRef(order);
    };
    const order = scope.run(call);
    // The report of it names the call: a test's own frame would keep it.
    await scope.checkpoint().then(() => {});
    expect(await isCollected(order)).toBe(true);
    await scope.end('completed');
  });
});
