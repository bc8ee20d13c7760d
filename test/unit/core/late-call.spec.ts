import { setImmediate, setTimeout } from 'node:timers/promises';
import {
  currentScope,
  defer,
  DropAll,
  type EffectScope,
  enqueue,
  enqueueWith,
  openScope,
  runInScope,
  ScopeClosedError,
  ScopeStateError,
  withPolicy,
} from 'nestjs-airlock';
import { checkAfterEach, errorOf, fail, isCollected, send, sent } from './fixtures.js';

checkAfterEach();

/** Something a unit of work forgot to await: it does `late` once released. */
function forgotten<R>(late: () => R | Promise<R>): { start: () => void; release: () => Promise<R> } {
  let open: () => void;
  const gate = new Promise<void>((resolve) => (open = resolve));
  let running: Promise<R>;
  return {
    start: () => {
      running = (async () => (await gate, late()))();
      running.catch(() => {});
    },
    release: () => (open(), running),
  };
}

function closeHere(scope: EffectScope): void {
  scope.close();
}

describe.each<[string, () => void]>([
  ['enqueue', () => enqueue(send, 'late')],
  ['enqueueWith', () => enqueueWith({ on: 'always' }, send, 'late')],
  ['defer', () => defer({ send }).send('late')],
])('when an effect is called by %s after its scope ended', (_, call) => {
  it('refuses, and the error carries the effect, the name of the scope and its state', async () => {
    const late = forgotten(call);
    await runInScope({ name: 'POST /orders' }, late.start);
    const error = await errorOf<ScopeClosedError>(late.release);
    expect(error).toBeInstanceOf(ScopeClosedError);
    expect(error).toBeInstanceOf(ScopeStateError);
    expect(error).toMatchObject({
      code: 'AIRLOCK_SCOPE_CLOSED',
      effect: 'send',
      scope: 'POST /orders',
      state: 'flushed',
      closedAt: 'the end of its work',
    });
    expect(error.message).toBe(
      'Effect "send" was called in scope "POST /orders" after it had ended (flushed; closed by the end of its work). ' +
        'Await the work before its scope ends, or give it a scope of its own with `runInScope(...)`.',
    );
    expect(sent).toEqual([]);
  });

  it('says that the work had failed where it had', async () => {
    const late = forgotten(call);
    await errorOf(() => runInScope(() => (late.start(), fail('work'))));
    const error = await errorOf<ScopeClosedError>(late.release);
    expect(error).toMatchObject({ state: 'discarded', closedAt: 'the error of its work' });
  });
});

describe('when a scope was closed by hand', () => {
  it('refuses a call from then on and shows the place of close()', async () => {
    const scope = openScope({ name: 'job' });
    const late = forgotten(() => enqueue(send, 'late'));
    scope.run(late.start);
    closeHere(scope);
    const error = await errorOf<ScopeClosedError>(late.release);
    expect(error).toMatchObject({ scope: 'job', state: 'closed' });
    expect(error.closedAt).toContain('closeHere');
    expect(error.closedAt).toContain('late-call.spec');
    expect(error.message).toContain('closeHere');
    scope.discard();
  });

  it('refuses to be entered again and shows that place as well', async () => {
    const scope = openScope({ name: 'job' });
    closeHere(scope);
    const error = await errorOf<ScopeClosedError>(() => scope.run(() => send('entered')));
    expect(error).toBeInstanceOf(ScopeClosedError);
    expect(error).toMatchObject({ effect: undefined, scope: 'job', state: 'closed' });
    expect(error.message).toMatch(/^Scope "job" was entered after it had ended \(closed; closed by .*closeHere/s);
    expect(sent).toEqual([]);
    scope.discard();
  });

  it('names a scope without a name by its id', async () => {
    const scope = openScope();
    scope.close();
    expect(await errorOf(() => scope.run(() => {}))).toMatchObject({ scope: scope.id });
    scope.discard();
  });
});

describe('when an inner scope has ended and the outer one is open', () => {
  it('refuses a late call of the inner one instead of giving it to the outer one', async () => {
    await runInScope({ name: 'outer' }, async (outer) => {
      const late = forgotten(() => enqueue(send, 'late'));
      await runInScope({ name: 'inner' }, late.start);
      expect(await errorOf(late.release)).toMatchObject({ code: 'AIRLOCK_SCOPE_CLOSED', scope: 'inner' });
      expect(outer.intents).toEqual([]);
    });
  });
});

describe('when a scope is opened in what an ended one left behind', () => {
  it('is a new root, in a timer that outlives the work', async () => {
    let running: Promise<void> | undefined;
    await runInScope({ name: 'request' }, () => {
      running = (async () => {
        await setTimeout(5);
        await runInScope({ name: 'timer' }, (scope) => {
          expect(scope.parent).toBeUndefined();
          enqueue(send, 'from the timer');
          expect(sent).toEqual([]);
        });
      })();
    });
    await running;
    expect(sent).toEqual(['from the timer']);
  });

  it('inherits neither policies, nor an executor, nor the fate of the ended one', async () => {
    const late = forgotten(() => runInScope(() => enqueue(send, 'free')));
    const options = { policy: DropAll, executor: () => fail('the executor of the ended scope') };
    await errorOf(() => runInScope(options, () => withPolicy(DropAll, () => (late.start(), fail('work')))));
    await late.release();
    expect(sent).toEqual(['free']);
  });

  it('does not show the ended one to code inside', async () => {
    const late = forgotten(() => runInScope({ name: 'new' }, () => currentScope()));
    await runInScope({ name: 'old' }, late.start);
    const view = await late.release();
    expect(view).toMatchObject({ name: 'new' });
    expect(view?.parent).toBeUndefined();
  });

  it('is a new root by openScope too, also where an outer scope is still open', async () => {
    await runInScope(async (outer) => {
      const late = forgotten(() => openScope());
      await runInScope(late.start);
      const scope = await late.release();
      expect(scope.parent).toBeUndefined();
      scope.run(() => enqueue(send, 'apart'));
      await scope.end('completed');
      expect(sent).toEqual(['apart']);
      expect(outer.intents).toEqual([]);
    });
  });

  it('is a new root while the closed one is being flushed', async () => {
    const scope = openScope();
    const late = forgotten(() => runInScope((inner) => (enqueue(send, 'apart'), inner.parent)));
    scope.run(() => {
      late.start();
      enqueue(() => setImmediate());
    });
    scope.close();
    const flushing = scope.flush();
    expect(await late.release()).toBeUndefined();
    await flushing;
    expect(sent).toEqual(['apart']);
  });
});

describe('when an effect calls another after it has ended', () => {
  it('refuses and names the effect as the scope', async () => {
    const late = forgotten(() => enqueue(send, 'late'));
    await runInScope(() => enqueueWith({ name: 'Mail.send' }, late.start));
    const error = await errorOf<ScopeClosedError>(late.release);
    expect(error).toBeInstanceOf(ScopeClosedError);
    expect(error).toMatchObject({ scope: 'effect Mail.send', closedAt: 'the end of the effect' });
  });

  it('refuses where it had enqueued in time before', async () => {
    const late = forgotten(() => enqueue(send, 'late'));
    await runInScope(() =>
      enqueue(function notify() {
        enqueue(send, 'in time');
        late.start();
      }),
    );
    expect(await errorOf(late.release)).toMatchObject({ code: 'AIRLOCK_SCOPE_CLOSED', scope: 'effect notify' });
    expect(sent).toEqual(['in time']);
  });

  it('gives a scope opened there a new root', async () => {
    const late = forgotten(() => runInScope((scope) => (enqueue(send, 'apart'), scope.parent)));
    await runInScope(() => enqueue(late.start));
    expect(await late.release()).toBeUndefined();
    expect(sent).toEqual(['apart']);
  });
});

describe('when an effect leaves something behind that lives on', () => {
  interface Attachment {
    readonly bytes: Uint8Array;
  }

  it.each<[string, (attachment: Attachment) => unknown]>([
    ['at once', () => {}],
    ['later', () => setImmediate()],
    ['with an error', () => fail('effect')],
  ])('keeps no arguments of one that ended %s, and still names it in the error of a late call', async (_, effect) => {
    const late = forgotten(() => enqueue(send, 'late'));
    const call = (): WeakRef<Attachment> => {
      const attachment = { bytes: new Uint8Array(8) };
      enqueueWith(
        { name: 'Mail.attach' },
        (argument: Attachment) => {
          late.start();
          return effect(argument);
        },
        attachment,
      );
      return new WeakRef(attachment);
    };
    const attachment = await runInScope({ onDispatchError: () => {} }, call);
    expect(await isCollected(attachment)).toBe(true);
    const error = await errorOf<ScopeClosedError>(late.release);
    expect(error).toBeInstanceOf(ScopeClosedError);
    expect(error).toMatchObject({ effect: 'send', scope: 'effect Mail.attach', closedAt: 'the end of the effect' });
    expect(sent).toEqual([]);
  });
});
