import type { ServerResponse } from 'node:http';
import { type Context, contexts } from '../../../core/scope/context.js';
import { bringsBody, type Connection, connectionOf, type Emitter } from './http.messages.js';

/** Cover of an emitter, under the key of an application. */
interface Cover {
  /** The emitter's own. */
  readonly emit: Emitter['emit'];
  /** Undefined for a connection, which is kept for one response after the other. */
  readonly response: ServerResponse | undefined;
}

type Covered = Emitter & { [key: symbol]: Cover };

/**
 * Events of requests that Node emits in the context of their connection: the parts of a body, and
 * that a client has left. Their listeners are called in the scope of the request.
 *
 * @internal
 */
export class RequestEvents {
  private readonly key = Symbol('AIRLOCK_REQUEST_EVENTS');
  /** Shared: a function for each pipelined request would cost it more than all of its scope. */
  private readonly emit: PropertyDescriptor;

  /** @param scopeOf the scope that a response carries */
  constructor(scopeOf: (response: ServerResponse) => { innermost: Context } | undefined) {
    const { key } = this;
    const value = function (this: Covered & Connection, ...args: Parameters<Emitter['emit']>) {
      const { emit, response = this._httpMessage } = this[key]!;
      const run = (): boolean => Reflect.apply(emit, this, args);
      // Most events have no listener, and need no context.
      if (!response || this.listenerCount?.(args[0]) === 0) return run();
      const context = scopeOf(response)?.innermost;
      return context === undefined || isWithin(context) ? run() : contexts.run(context, run);
    };
    this.emit = { value, configurable: true, writable: true };
  }

  /** To be called at the beginning of each request. */
  cover(response: ServerResponse): void {
    const connection = connectionOf(response);
    // On HTTP/2 each request has a stream of its own.
    if ('stream' in response) return connection && this.coverWith(connection, response);
    const answered = connection?._httpMessage ?? response;
    if (answered !== response || bringsBody(response.req)) this.coverWith(response.req, response);
    if (connection !== undefined && !(this.key in connection))
      this.coverWith(connection, undefined);
  }

  private coverWith(emitter: Emitter, response: ServerResponse | undefined): void {
    const emit = Reflect.get(emitter, 'emit') as Emitter['emit'];
    (emitter as Covered)[this.key] = { emit, response };
    Object.defineProperty(emitter, 'emit', this.emit);
  }
}

/** True if code runs in a context, or in one inside of it. @internal */
export function isWithin(context: Context): boolean {
  let here = contexts.getStore();
  while (here !== undefined && here !== context) here = here.outer;
  return here !== undefined;
}
