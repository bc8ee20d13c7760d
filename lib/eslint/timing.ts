/**
 * When a function calls effects, seen from whoever calls the function: never, before it first waits
 * for something, or after. Late ones are lost to a caller that does not wait: the scope may have
 * ended by then (rule 3).
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
 * Tells by its name how a function treats its callbacks, where the code behind it is somebody
 * else's.
 * @internal
 */
export function callbacksOf(name = ''): Callbacks {
  if (/^(then|catch|finally)$|transaction/i.test(name)) return 'later';
  const keeps =
    /^(on|once|addListener|subscribe|setTimeout|setInterval|setImmediate|queueMicrotask|nextTick)$/;
  return keeps.test(name) ? 'never' : 'now';
}
