import { methodsOf, methodsWith, type WrappedEntryPoint } from '../boundaries/entry-point.js';

/**
 * A call of an `@OnEvent()` listener, nested in the emitter's scope where there is one.
 * @internal
 */
export const eventEmitter: WrappedEntryPoint = {
  name: 'event-emitter',
  find: (candidate) => methodsWith('EVENT_LISTENER_METADATA', candidate),
  ignores: () => true,
  // With `async`, `nextTick` or an instance to be made it calls a listener later.
  senders: (candidate) => methodsOf(candidate, 'onAny', ['emit', 'emitAsync']),
};
