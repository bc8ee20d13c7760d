import {
  currentScope,
  EffectScope,
  enqueue,
  type ScopeView,
  openScope,
  runInScope,
} from 'nestjs-airlock';
import { checkAfterEach, send, texts } from '../fixtures.js';

checkAfterEach();

/**
 * Everything that can be reached from an object: own keys, symbols, and those of its prototypes.
 */
function reach(object: object): unknown[] {
  const found: unknown[] = [];
  for (
    let at: object | null = object;
    at !== null && at !== Object.prototype;
    at = Object.getPrototypeOf(at) as never
  ) {
    for (const key of Reflect.ownKeys(at)) {
      found.push(key, Reflect.get(object, key));
    }
  }
  return found;
}

describe('when code inside a scope looks at it', () => {
  it('sees its id, name, parent, state and intents', async () => {
    await runInScope({ name: 'outer' }, async (outer) => {
      await runInScope({ name: 'inner' }, async (inner) => {
        await runInScope(() => enqueue(send, 'captured'));
        enqueue(send, 'own');
        const view = currentScope()!;
        expect(view).toMatchObject({ id: inner.id, name: 'inner', state: 'open' });
        expect(view.parent).toMatchObject({ id: outer.id, name: 'outer' });
        expect(view.parent?.parent).toBeUndefined();
        expect([texts(view.intents), texts(view.ownIntents), texts(view.capturedIntents)]).toEqual([
          ['captured', 'own'],
          ['own'],
          ['captured'],
        ]);
      });
    });
  });

  it('sees the same view each time, and another one in another scope', async () => {
    await runInScope(async () => {
      const view = currentScope();
      expect(currentScope()).toBe(view);
      await runInScope(() => expect(currentScope()?.parent).toBe(view));
    });
  });

  it('sees nothing outside a scope', () => {
    expect(currentScope()).toBeUndefined();
  });

  it('sees undefined for the name of a scope without one', async () => {
    await runInScope(() => expect(currentScope()!.name).toBeUndefined());
  });

  it('sees its states change', async () => {
    const scope = openScope();
    let view: ScopeView | undefined;
    scope.run(() => (view = currentScope()));
    expect(view!.state).toBe('open');
    scope.close();
    expect(view!.state).toBe('closed');
    await scope.flush();
    expect(view!.state).toBe('flushed');
    const other = openScope();
    other.run(() => (view = currentScope()));
    other.close();
    other.discard();
    expect(view!.state).toBe('discarded');
  });
});

describe('when code inside a scope wants to end it', () => {
  it.each(['run', 'close', 'closeBy', 'flush', 'discard', 'dropAll', 'checkpoint', 'end', 'endAt'])(
    'finds no %s on the view, its prototype or its parent',
    async (verb) => {
      await runInScope(async (outer) => {
        expect(verb in outer).toBe(true);
        await runInScope(() => {
          expect(verb in currentScope()!).toBe(false);
          expect(verb in currentScope()!.parent!).toBe(false);
        });
      });
    },
  );

  it('finds no way to the handle or to anything that has one', async () => {
    await runInScope(async () => {
      await runInScope((scope) => {
        for (const view of [currentScope()!, currentScope()!.parent!, scope.parent!]) {
          expect(view).not.toBeInstanceOf(EffectScope);
          for (const found of reach(view)) {
            expect(found).not.toBeInstanceOf(EffectScope);
            expect(typeof found === 'function' && found !== view.constructor).toBe(false);
          }
        }
      });
    });
  });

  it.each(['id', 'name', 'parent', 'state', 'intents', 'ownIntents', 'capturedIntents'])(
    'cannot assign %s',
    async (key) => {
      await runInScope((scope) => {
        expect(() => Object.assign(currentScope()!, { [key]: 'changed' })).toThrow(TypeError);
        expect(() => Object.assign(scope, { [key]: 'changed' })).toThrow(TypeError);
      });
    },
  );
});
