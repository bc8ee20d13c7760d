import { isObservable, Observable, tap } from 'rxjs';
import type { Method } from '../methods/wrap-method.js';
import { callInScope, type HandlerScope } from '../calls/call-in-scope.js';
import type { Class } from '../container/candidate.js';
import { LatentScope } from '../../core/latent-scope.js';
import { isMarked, methodsOf, type WrappedEntryPoint } from '../boundaries/entry-point.js';

const SAGAS = '__saga__';

/**
 * An execution of a command, query or event handler, nested where there is a scope; and an event
 * that a saga is given.
 *
 * @internal
 */
export const cqrs: WrappedEntryPoint = {
  name: 'cqrs',
  find: (candidate) => [
    ...(isMarked(candidate, '__commandHandler__', '__queryHandler__')
      ? candidate.methods.filter((name) => name === 'execute')
      : []),
    ...(isMarked(candidate, '__eventsHandler__')
      ? candidate.methods.filter((name) => name === 'handle')
      : []),
    ...(isMarked(candidate, SAGAS) ? sagasOf(candidate.type) : []),
  ],
  // Whoever has executed a command or a query gets what its handler returns.
  ignores: (key) => key === 'handle',
  // A handler whose instance is still to be made is called later.
  senders: (candidate) => methodsOf(candidate, 'subject$', ['execute', 'publish', 'publishAll']),
  wrap: (original, scope, key, type) =>
    sagasOf(type).includes(key)
      ? inScopes(original, scope)
      : function (this: unknown, ...args) {
          return callInScope(scope, () => original.apply(this, args));
        },
};

/**
 * Properties of the instance, often arrow functions, so no method of the prototype tells of them.
 */
function sagasOf(type: Class): readonly string[] {
  return (Reflect.getMetadata(SAGAS, type) as readonly string[] | undefined) ?? [];
}

/**
 * A saga is called once, with the stream of all events. Each event goes through it in a scope of
 * its own, which ends when the event has gone through: a command that it is answered with at once
 * is executed nested in it, one that it is answered with later in a scope of its own.
 */
function inScopes(original: Method, handler: HandlerScope): Method {
  return function (this: unknown, ...args: never[]): unknown {
    const [events, ...others] = args as readonly unknown[];
    if (!isObservable(events)) return original.apply(this, args);
    const passage = { isBroken: false };
    const commands = original.apply(this, [
      throughScopes(events, handler, passage),
      ...others,
    ] as never[]);
    return isObservable(commands)
      ? commands.pipe(tap({ error: () => (passage.isBroken = true) }))
      : commands;
  };
}

function throughScopes(
  events: Observable<unknown>,
  { runtime, prepared, how }: HandlerScope,
  passage: { isBroken: boolean },
): Observable<unknown> {
  return new Observable((subscriber) =>
    events.subscribe({
      next: (event) => {
        const scope = new LatentScope(runtime, prepared);
        scope.run(() => subscriber.next(event));
        const outcome = passage.isBroken ? 'failed' : 'completed';
        // The event's publisher is not to hear of effects that fail.
        const told = how === 'throw' ? 'report' : how;
        const end = async (): Promise<void> =>
          runtime.endScope(scope, outcome, 'the end of its event', told);
        void end().catch(runtime.logError);
      },
      error: (error) => subscriber.error(error),
      complete: () => subscriber.complete(),
    }),
  );
}
