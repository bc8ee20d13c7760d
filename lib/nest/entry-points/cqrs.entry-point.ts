import { isObservable, Observable, tap } from 'rxjs';
import type { Method } from '../methods/wrap-method.js';
import { callInScope, type HandlerScope } from '../calls/call-in-scope.js';
import type { Class } from '../container/candidate.js';
import { LatentScope } from '../../core/latent-scope.js';
import {
  handlerNamed,
  isMarked,
  methodsOf,
  type WrappedEntryPoint,
} from '../boundaries/entry-point.js';

const SAGAS = '__saga__';

/**
 * An execution of a command, query or event handler, nested if a scope is open; and an event that a
 * saga is given.
 *
 * @internal
 */
export const cqrs: WrappedEntryPoint = {
  name: 'cqrs',
  find: (candidate) => [
    ...(isMarked(candidate, '__commandHandler__', '__queryHandler__')
      ? handlerNamed('execute', candidate)
      : []),
    ...(isMarked(candidate, '__eventsHandler__') ? handlerNamed('handle', candidate) : []),
    ...(isMarked(candidate, SAGAS) ? sagasOf(candidate.type) : []),
  ],
  // The result of a command or a query goes to the code that has executed it.
  ignores: (key) => key === 'handle',
  // A handler whose instance has to be made first is called later.
  senders: (candidate) => methodsOf(candidate, 'subject$', ['execute', 'publish', 'publishAll']),
  wrap: (original, scope, key, type) =>
    sagasOf(type).includes(key)
      ? inScopes(original, scope)
      : function (this: unknown, ...args) {
          return callInScope(scope, () => original.apply(this, args));
        },
};

/**
 * The names of sagas. They are properties of the instance, often arrow functions, so the methods of
 * the prototype do not have them.
 */
function sagasOf(type: Class): readonly string[] {
  return (Reflect.getMetadata(SAGAS, type) as readonly string[] | undefined) ?? [];
}

/**
 * A saga is called once, with the stream of all events. Each event goes through it in a scope of
 * its own, which ends when the event has gone through. A command that the saga answers with at once
 * is executed nested in it; one that it answers with later has a scope of its own.
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
        // An effect that fails is no error of the event's publisher.
        const treatment = how === 'throw' ? 'report' : how;
        const end = async (): Promise<void> =>
          runtime.endScope(scope, outcome, 'the end of its event', treatment);
        void end().catch(runtime.logError);
      },
      error: (error) => subscriber.error(error),
      complete: () => subscriber.complete(),
    }),
  );
}
