import type { HttpServer } from '@nestjs/common';
import { isThenable } from '../../../core/results/completion.js';
import { disguised, type Method } from '../../methods/wrap-method.js';

const VERBS = [
  ...[
    'all',
    'get',
    'head',
    'post',
    'put',
    'patch',
    'delete',
    'options',
    'query',
    'search',
    'propfind',
    'proppatch',
  ],
  ...['mkcol', 'copy', 'move', 'lock', 'unlock'],
];
const OTHERS = ['use', 'setErrorHandler', 'setNotFoundHandler'];

/** @internal */
export type Callback = (...args: unknown[]) => unknown;

/** Calls `fn` in the scope of a request. @internal */
export type EnterRequest = (
  request: unknown,
  response: unknown,
  name: string | undefined,
  fn: Callback,
  self: unknown,
  args: unknown[],
) => unknown;

type Adapter = HttpServer & Record<string, Callback | undefined>;

interface FastifyLike {
  addHook(
    name: 'onRequest',
    hook: (request: unknown, reply: unknown, done: () => void) => void,
  ): unknown;
}

interface ExpressLike {
  handle: Callback;
}

/**
 * Runs all that Nest registers with a platform's adapter in the scopes of requests: routes,
 * middlewares, and the handlers behind exception filters. Each enters the scope by itself, since
 * the one before may call it from an asynchronous context that is not the request's.
 *
 * @returns covers Express itself, for middlewares that are put on the platform and not registered
 *   by Nest, such as those of a GraphQL server. To be called when scopes of requests can be made
 * @internal
 */
export function coverAdapter(server: HttpServer, enter: EnterRequest): () => void {
  const adapter = server as Adapter;
  const covered = new WeakSet<Callback>();
  const cover = (callback: unknown, name?: string): unknown => {
    if (Array.isArray(callback)) return callback.map((item) => cover(item, name));
    // Routers and whole applications have a method `handle`, and are left alone.
    if (typeof callback !== 'function' || 'handle' in callback || covered.has(callback as Callback))
      return callback;
    const fn = callback as Callback;
    // Handlers of errors have four parameters, by which platforms know them too.
    const at = fn.length === 4 ? 2 : 1;
    const wrapper = function (this: unknown, ...args: unknown[]): unknown {
      return enter(args[at - 1], args[at], name, fn, this, args);
    };
    covered.add(wrapper);
    return disguised(wrapper as Method, fn as Method);
  };
  const replace = (key: string, by: (original: Callback) => Callback): void => {
    const original = adapter[key];
    if (typeof original !== 'function') return;
    Object.defineProperty(adapter, key, {
      configurable: true,
      writable: true,
      value: by(original.bind(adapter)),
    });
  };

  for (const verb of VERBS) {
    replace(verb, (original) => (path, ...callbacks) => {
      const name = `${verb.toUpperCase()} ${String(path)}`;
      return original(path, ...callbacks.map((item) => cover(item, name)));
    });
  }
  for (const key of OTHERS)
    replace(
      key,
      (original) =>
        (...args) =>
          original(...args.map((item) => cover(item))),
    );
  replace('createMiddlewareFactory', (original) => (method) => {
    const covering = (register: unknown): Callback => {
      return (path, callback) => (register as Callback)(path, cover(callback));
    };
    const register = original(method);
    return isThenable(register) ? register.then(covering) : covering(register);
  });
  if (server.getType() === 'fastify') {
    (server.getInstance() as FastifyLike).addHook('onRequest', cover(airlock) as never);
  }
  return () => {
    if (server.getType() !== 'express') return;
    // Express changes the prototype of each response in here: a property that is added to it later
    // gives it a hidden class of its own, which is slow to make and to read.
    const express = server.getInstance() as ExpressLike;
    express.handle = cover(express.handle) as Callback;
  };
}

/** Does nothing itself: covered, it enters the scope. Tracers show its name. */
function airlock(_request: unknown, _reply: unknown, done: () => void): void {
  done();
}
