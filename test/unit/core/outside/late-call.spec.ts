import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { setImmediate, setTimeout } from 'node:timers/promises';
import {
  type AirlockMessage,
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
import { AirlockRuntime } from '../../../../lib/core/runtime.js';
import { checkAfterEach, errorOf, fail, isCollected, send, sent } from '../fixtures.js';

checkAfterEach();

/** Something a unit of work forgot to await: it does `late` once released. */
function forgotten<R>(late: () => R | Promise<R>): {
  start: () => void;
  release: () => Promise<R>;
} {
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

/** The errors that were reported outside any application. */
const reported: ScopeClosedError[] = [];

beforeEach(() => {
  reported.length = 0;
  jest
    .spyOn(console, 'error')
    .mockImplementation((error) => void reported.push(error as ScopeClosedError));
});
afterEach(() => {
  jest.restoreAllMocks();
});

/** The one error that a late call was reported with, once it has been made. */
async function reportOf(late: { release: () => Promise<unknown> }): Promise<ScopeClosedError> {
  await late.release();
  expect(reported).toHaveLength(1);
  return reported[0]!;
}

describe.each<[string, () => void]>([
  ['enqueue', () => enqueue(send, 'late')],
  ['enqueueWith', () => enqueueWith({ on: 'always' }, send, 'late')],
  ['defer', () => defer({ send }).send('late')],
])('when an effect is called by %s after its scope ended', (_, call) => {
  it('throws nothing and reports effect, scope, where that was closed, and the stack of the call', async () => {
    const late = forgotten(function caller() {
      call();
    });
    await runInScope({ name: 'POST /orders' }, late.start);
    const error = await reportOf(late);
    expect(error.stack).toMatch(/at .*call.*late-call\.spec/);
    expect(error.stack).not.toMatch(/at enqueueIn |late-call\.ts/);
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
      'Effect "send" was called in scope "POST /orders" after it had ended (flushed; closed by the end of its work), so it does not get out. ' +
        'Await the work before its scope ends, or give it a scope of its own with `runInScope(...)`. ' +
        'If the call belongs to other work, a pool, a queue or a DataLoader has run it in the asynchronous context of this scope: ' +
        'hand it over with `AsyncResource.bind(...)`, or create what runs it in `detached(...)`.',
    );
    expect(sent).toEqual([]);
  });

  it('says that the work had failed where it had', async () => {
    const late = forgotten(call);
    await errorOf(() => runInScope(() => (late.start(), fail('work'))));
    expect(await reportOf(late)).toMatchObject({
      state: 'discarded',
      closedAt: 'the error of its work',
    });
  });

  it('publishes a drop for the reason `late`, in the scope that ended', async () => {
    const drops: AirlockMessage[] = [];
    const listen = (message: unknown): void => void drops.push(message as AirlockMessage);
    subscribe('airlock:drop', listen);
    try {
      const late = forgotten(call);
      await runInScope({ name: 'job' }, () => (enqueue(send, 'in time'), late.start()));
      await late.release();
    } finally {
      unsubscribe('airlock:drop', listen);
    }
    expect(drops).toMatchObject([{ reason: 'late', scope: { name: 'job', state: 'flushed' } }]);
    expect(drops[0]!.intent).toMatchObject({ name: 'send', args: ['late'], origin: 'job' });
    expect(sent).toEqual(['in time']);
  });

  it('throws the same error where `lateCalls` says so, and reports nothing', async () => {
    const runtime = new AirlockRuntime({
      lateCalls: 'throw',
      logError: (error) => reported.push(error as never),
    });
    const late = forgotten(call);
    await runtime.run({ name: 'POST /orders' }, late.start);
    const error = await errorOf<ScopeClosedError>(late.release);
    expect(error).toBeInstanceOf(ScopeClosedError);
    expect(error).toMatchObject({ effect: 'send', scope: 'POST /orders', state: 'flushed' });
    expect({ reported, sent }).toEqual({ reported: [], sent: [] });
  });
});

describe('when a scope was closed by hand', () => {
  it('takes no call from then on and shows the place of close()', async () => {
    const scope = openScope({ name: 'job' });
    const late = forgotten(() => enqueue(send, 'late'));
    scope.run(late.start);
    closeHere(scope);
    const error = await reportOf(late);
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
    expect(error.message).toMatch(
      /^Scope "job" was entered after it had ended \(closed; closed by .*closeHere/s,
    );
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
  it('drops a late call of the inner one instead of giving it to the outer one', async () => {
    await runInScope({ name: 'outer' }, async (outer) => {
      const late = forgotten(() => enqueue(send, 'late'));
      await runInScope({ name: 'inner' }, late.start);
      expect(await reportOf(late)).toMatchObject({ code: 'AIRLOCK_SCOPE_CLOSED', scope: 'inner' });
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
    await errorOf(() =>
      runInScope(options, () => withPolicy(DropAll, () => (late.start(), fail('work')))),
    );
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
  it('drops it and names the effect as the scope', async () => {
    const late = forgotten(() => enqueue(send, 'late'));
    await runInScope(() => enqueueWith({ name: 'Mail.send' }, late.start));
    const error = await reportOf(late);
    expect(error).toBeInstanceOf(ScopeClosedError);
    expect(error).toMatchObject({ scope: 'effect Mail.send', closedAt: 'the end of the effect' });
  });

  it('drops it where it had enqueued in time before', async () => {
    const late = forgotten(() => enqueue(send, 'late'));
    await runInScope(() =>
      enqueue(function notify() {
        enqueue(send, 'in time');
        late.start();
      }),
    );
    expect(await reportOf(late)).toMatchObject({
      code: 'AIRLOCK_SCOPE_CLOSED',
      scope: 'effect notify',
    });
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
  ])(
    'keeps no arguments of one that ended %s, and still names it in the report of a late call',
    async (_, effect) => {
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
      const error = await reportOf(late);
      expect(error).toBeInstanceOf(ScopeClosedError);
      expect(error).toMatchObject({
        effect: 'send',
        scope: 'effect Mail.attach',
        closedAt: 'the end of the effect',
      });
      expect(sent).toEqual([]);
    },
  );
});
