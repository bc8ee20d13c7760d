/**
 * When a function calls effects, seen from its caller: never, before it first waits for something,
 * or after that. Late effects are lost if the caller does not wait: the scope may have ended by
 * then (rule 3).
 *
 * @internal
 */
export type Timing = 'none' | 'early' | 'late';

/** @internal */
export function latest(timings: Iterable<Timing>): Timing {
  const all = new Set(timings);
  return all.has('late') ? 'late' : all.has('early') ? 'early' : 'none';
}

/**
 * When a call runs the functions among its arguments: at once, after something was waited for, or
 * apart from its own work.
 * @internal
 */
export type Callbacks = 'now' | 'later' | 'never';

/**
 * Tells by its name when a function of a library runs its callbacks.
 * @internal
 */
export function callbacksOf(name = ''): Callbacks {
  if (/^(then|catch|finally)$|transaction/i.test(name)) return 'later';
  const keeps =
    /^(on|once|addListener|subscribe|setTimeout|setInterval|setImmediate|queueMicrotask|nextTick)$/;
  return keeps.test(name) ? 'never' : 'now';
}
