import { isThenable } from './completion.js';
import type { Enterable } from './observe-in-scope.js';
import { kindOf } from '../../errors/thrown.js';
import type { Outcome } from '../model/scope-view.js';

type Step = (this: unknown, ...args: unknown[]) => unknown;

/**
 * The same generator, whose iteration is a unit of work in a scope of its own: from the first value
 * that is asked for to the end. One that is left early, as by `break`, is cancelled; what nobody
 * asks for a value opens no scope.
 *
 * @param end rejects only to fail work that completed
 * @param tell told what `end` rejects with where nobody can wait for it
 * @internal
 */
export function iteratedInScope<T extends object, S extends Enterable>(
  generator: T,
  begin: () => S,
  end: (scope: S, outcome: Outcome) => void | Promise<void>,
  tell: (error: unknown) => void,
): T {
  let scope: S | undefined;
  let isOver = false;
  const endOnce = (outcome: Outcome): void | Promise<void> => {
    const ended = scope;
    scope = undefined;
    isOver = true;
    return ended && end(ended, outcome);
  };
  const within =
    (name: 'next' | 'return' | 'throw', step: Step): Step =>
    (...args) => {
      if (isOver || (scope === undefined && name !== 'next')) return step.apply(generator, args);
      scope ??= begin();
      const left = name === 'return' ? 'cancelled' : 'completed';
      let result: unknown;
      try {
        result = scope.run(() => step.apply(generator, args));
      } catch (error) {
        scope.failedBy?.(kindOf(error));
        waitless(endOnce('failed'), tell);
        throw error;
      }
      if (isThenable(result))
        return ended(result as PromiseLike<IteratorResult<unknown>>, left, endOnce);
      if ((result as IteratorResult<unknown>).done === true) waitless(endOnce(left), tell);
      return result;
    };
  const methods: PropertyDescriptorMap = {};
  for (const name of ['next', 'return', 'throw'] as const) {
    const value = within(name, (generator as Record<typeof name, Step>)[name]);
    methods[name] = { value, configurable: true, writable: true };
  }
  return Object.isExtensible(generator)
    ? Object.defineProperties(generator, methods)
    : (Object.create(generator, methods) as T);
}

async function ended(
  step: PromiseLike<IteratorResult<unknown>>,
  left: Outcome,
  finish: (outcome: Outcome) => void | Promise<void>,
): Promise<IteratorResult<unknown>> {
  let result: IteratorResult<unknown>;
  try {
    result = await step;
  } catch (error) {
    await finish('failed');
    throw error;
  }
  if (result.done === true) await finish(left);
  return result;
}

/** A synchronous generator cannot wait for what is let out. */
function waitless(ending: void | Promise<void>, tell: (error: unknown) => void): void {
  if (ending) void ending.catch(tell);
}
