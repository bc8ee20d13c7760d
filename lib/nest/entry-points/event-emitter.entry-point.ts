import { methodsOf, methodsWith, type WrappedEntryPoint } from '../boundaries/entry-point.js';

/**
 * A call of an `@OnEvent()` listener, nested in the emitter's scope if there is one.
 * @internal
 */
export const eventEmitter: WrappedEntryPoint = {
  name: 'event-emitter',
  find: (candidate) => methodsWith('EVENT_LISTENER_METADATA', candidate),
  ignores: () => true,
  // A listener with `async` or `nextTick`, or whose instance has to be made first, is called later.
  senders: (candidate) => methodsOf(candidate, 'onAny', ['emit', 'emitAsync']),
};
