import { isThenable } from './completion.js';
import type { Enterable } from './observe-in-scope.js';
import { kindOf } from '../../errors/thrown.js';
import type { Outcome } from '../model/scope-view.js';

type Step = (this: unknown, ...args: unknown[]) => unknown;

/**
 * Makes the iteration of a generator a unit of work in a scope of its own, from the first value
 * that is asked for to the end. An iteration that is left early, as by `break`, is cancelled; one
 * that never begins opens no scope.
 *
 * @param end rejects only to fail work that completed
 * @param tell told the rejections of `end` that nobody can wait for
 * @returns the same generator, or one derived from it if it is frozen
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
      const outcome = name === 'return' ? 'cancelled' : 'completed';
      let result: unknown;
      try {
        result = scope.run(() => step.apply(generator, args));
      } catch (error) {
        scope.failedBy?.(kindOf(error));
        endUnwaited(endOnce('failed'), tell);
        throw error;
      }
      if (isThenable(result))
        return endWithStep(result as PromiseLike<IteratorResult<unknown>>, outcome, endOnce);
      if ((result as IteratorResult<unknown>).done === true) endUnwaited(endOnce(outcome), tell);
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

/** Ends the scope with an asynchronous step, if that is the last one. */
async function endWithStep(
  step: PromiseLike<IteratorResult<unknown>>,
  outcome: Outcome,
  end: (outcome: Outcome) => void | Promise<void>,
): Promise<IteratorResult<unknown>> {
  let result: IteratorResult<unknown>;
  try {
    result = await step;
  } catch (error) {
    await end('failed');
    throw error;
  }
  if (result.done === true) await end(outcome);
  return result;
}

/** Does not wait for the end of the scope: a synchronous generator cannot wait for effects. */
function endUnwaited(ending: void | Promise<void>, tell: (error: unknown) => void): void {
  if (ending) void ending.catch(tell);
}
