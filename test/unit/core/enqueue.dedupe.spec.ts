import { defer, enqueueWith, openScope, runInScope } from 'nestjs-airlock';
import { checkAfterEach, errorOf, fail, isCollected, send, sent, texts } from './fixtures.js';

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

describe('when one effect is called twice under the same key', () => {
  it('keeps the first call, with its arguments and its place', async () => {
    await runInScope((scope) => {
      enqueueWith(once, send, 'first');
      enqueueWith({}, send, 'between');
      enqueueWith(once, send, 'second');
      expect(texts(scope.intents)).toEqual(['first', 'between']);
    });
    expect(sent).toEqual(['first', 'between']);
  });

  it('recognises one method of one object through two deferred proxies', async () => {
    const mail = new Mail('me');
    await runInScope(() => {
      defer(mail, once).send('first');
      defer(mail, { dedupeKey: 'key', name: 'Other.name' }).send('second');
    });
    expect(sent).toEqual(['me first']);
  });

  it('still collapses after a checkpoint let the first one out', async () => {
    await runInScope(async (scope) => {
      enqueueWith(once, send, 'first');
      await scope.checkpoint();
      enqueueWith(once, send, 'second');
      expect(scope.intents).toEqual([]);
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

  it('takes a call again whose first one was refused', async () => {
    const refusing = { onEnqueue: () => fail('refused') };
    await runInScope(async () => {
      await errorOf(() => enqueueWith({ ...once, policy: refusing }, send, 'refused'));
      enqueueWith(once, send, 'second');
    });
    expect(sent).toEqual(['second']);
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

describe('when a nested scope hands over a call under a key its parent knows', () => {
  it('keeps both, since a key holds within one scope only', async () => {
    await runInScope(async () => {
      enqueueWith(once, send, 'outer');
      await runInScope(() => enqueueWith(once, send, 'inner'));
      enqueueWith(once, send, 'outer again');
    });
    expect(sent).toEqual(['outer', 'inner']);
  });

  it('does not make a captured key known to the parent', async () => {
    await runInScope(async () => {
      await runInScope(() => enqueueWith(once, send, 'inner'));
      enqueueWith(once, send, 'outer');
    });
    expect(sent).toEqual(['inner', 'outer']);
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
