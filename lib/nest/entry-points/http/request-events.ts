import type { ServerResponse } from 'node:http';
import { type Context, contexts } from '../../../core/scope/context.js';
import { bringsBody, type Connection, connectionOf, type Emitter } from './http.messages.js';

/**
 * Events of requests that Node emits in the context of their connection: the parts of a body, and
 * that a client has left. Their listeners are called in the scope of the request.
 *
 * @internal
 */
export class RequestEvents {
  private readonly covered = new WeakSet<Connection>();

  /** @param scopeOf the scope that a response carries */
  constructor(
    private readonly scopeOf: (response: ServerResponse) => { innermost: Context } | undefined,
  ) {}

  /** To be called at the beginning of each request. */
  cover(response: ServerResponse): void {
    const connection = connectionOf(response);
    // On HTTP/2 each request has a stream of its own.
    if ('stream' in response) return connection && this.coverFor(response, connection);
    const answered = connection?._httpMessage ?? response;
    if (answered !== response || bringsBody(response.req)) this.coverFor(response, response.req);
    if (connection === undefined || this.covered.has(connection)) return;
    this.covered.add(connection);
    heardIn(connection, () => {
      const answered = connection._httpMessage ?? undefined;
      return answered && this.scopeOf(answered)?.innermost;
    });
  }

  private coverFor(response: ServerResponse, emitter: Emitter): void {
    heardIn(emitter, () => this.scopeOf(response)?.innermost);
  }
}

/** @param here the context for listeners; undefined to call them in that of the event */
function heardIn(emitter: Emitter, here: () => Context | undefined): void {
  const emit = Reflect.get(emitter, 'emit') as Emitter['emit'];
  const value: Emitter['emit'] = function (this: Emitter, ...args): boolean {
    const context = here();
    return context === undefined || isWithin(context)
      ? Reflect.apply(emit, this, args)
      : contexts.run(context, () => Reflect.apply(emit, this, args));
  };
  Object.defineProperty(emitter, 'emit', { value, configurable: true, writable: true });
}

/** True if code runs in a context, or in one inside of it. @internal */
export function isWithin(context: Context): boolean {
  let here = contexts.getStore();
  while (here !== undefined && here !== context) here = here.outer;
  return here !== undefined;
}
