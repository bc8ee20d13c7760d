import { setImmediate } from 'node:timers/promises';
import { AirlockService, type EffectScope, enqueue, openScope, runInScope } from 'nestjs-airlock';
import {
  checkForLeaks,
  ScopeLeakError,
  type TestHooks,
  watchForLeaks,
} from 'nestjs-airlock/testing';
import { booted, checkAfterEach, errorOf, shopWith } from '../fixtures.js';

checkAfterEach();

/** Hooks that a test calls itself. */
class Hooks implements TestHooks {
  private before = (): void => {};
  private after = async (): Promise<void> => {};

  beforeEach(hook: () => void): void {
    this.before = hook;
  }
  afterEach(hook: () => Promise<void>): void {
    this.after = hook;
  }
  async run(test: () => unknown): Promise<void> {
    this.before();
    await test();
    await this.after();
  }
}

function checked(graceMs = 5): Hooks {
  const hooks = new Hooks();
  checkForLeaks({ hooks, graceMs });
  return hooks;
}

const left: EffectScope[] = [];

/** Left open for the check to find. */
function leave(name: string): EffectScope {
  const scope = openScope({ name });
  left.push(scope);
  return scope;
}

async function endAll(): Promise<void> {
  for (const scope of left.splice(0)) {
    if (scope.state === 'open' || scope.state === 'closed') await scope.end('cancelled');
  }
}

afterEach(endAll);

describe('when a test leaves a scope open', () => {
  it('fails, naming it, what it holds and where it was opened', async () => {
    const error = await errorOf<ScopeLeakError>(() =>
      checked().run(() => leave('import').run(() => enqueue(function ship() {}))),
    );
    expect(error).toBeInstanceOf(ScopeLeakError);
    expect(error.code).toBe('AIRLOCK_SCOPE_LEAK');
    expect(error.leaks).toEqual([
      { scope: expect.objectContaining({ name: 'import' }), openedAt: expect.any(String) },
    ]);
    expect(error.leaks[0]!.openedAt).toMatch(
      /test\/unit\/testing\/kit\/check-for-leaks\.spec\.ts:\d+/,
    );
    expect(error.message.replace(error.leaks[0]!.openedAt, 'HERE')).toMatchInlineSnapshot(`
     "1 scope has been opened and not ended:
       "import" is open, holding ship; opened at HERE
     End each with \`flush()\`, \`discard()\` or \`end(outcome)\`, or let \`run\` do it; await what runs in it."
    `);
  });

  it('names each, and those that are only closed', async () => {
    const error = await errorOf(() =>
      checked().run(() => {
        leave('first');
        leave('second').close();
      }),
    );
    expect(error.message).toContain('2 scopes have been opened and not ended');
    expect(error.message).toContain('"first" is open; opened at');
    expect(error.message).toContain('"second" is closed; opened at');
  });

  it('names a scope of an application', async () => {
    const app = await booted(shopWith());
    const error = await errorOf(() =>
      checked().run(() => left.push(app.get(AirlockService).open({ name: 'job' }))),
    );
    expect(error.message).toContain('"job" is open');
    // An application that closes waits for it.
    await endAll();
  });
});

describe('when a test ends what it opened', () => {
  it('passes', async () => {
    const passing = checked().run(async () => {
      await runInScope(() => enqueue(() => {}));
      leave('discarded').close();
      left[0]!.discard();
    });
    await expect(passing).resolves.toBeUndefined();
  });

  it('passes where that takes a moment longer than the test', async () => {
    const passing = checked(1000).run(() => {
      void runInScope(() => setImmediate());
    });
    await expect(passing).resolves.toBeUndefined();
  });

  it('passes with a scope that was open before', async () => {
    const scope = leave('before');
    await expect(checked().run(() => scope.run(() => {}))).resolves.toBeUndefined();
  });

  it('does not blame the next test', async () => {
    const hooks = checked();
    await errorOf(() => hooks.run(() => leave('earlier')));
    await expect(hooks.run(() => {})).resolves.toBeUndefined();
  });
});

describe('when leaks are watched for by hand', () => {
  it('looks from the call to the end', async () => {
    const watch = watchForLeaks({ graceMs: 5 });
    const scope = leave('import');
    await expect(watch.end()).rejects.toThrow('"import" is open');
    await scope.end('completed');
    await watchForLeaks().end();
  });
});

describe('when there are no hooks', () => {
  it('says where to get them', () => {
    expect(() => checkForLeaks({ hooks: {} as never })).toThrow(
      'There are no global `beforeEach` and `afterEach`.',
    );
  });
});
