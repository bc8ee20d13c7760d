import type { HttpServer } from '@nestjs/common';
import type { ServerResponse } from 'node:http';
import type { AirlockRuntime } from '../../../core/airlock-runtime.js';
import { type Context, contexts } from '../../../core/context.js';
import type { BoundaryOptions } from '../../options.js';
import { coverAdapter, type EnterRequest } from './http.adapter.js';
import { type HttpRequest, nodeResponse } from './http.messages.js';
import { RequestScope, type RequestSettings } from './request-scope.js';

/**
 * The scopes of an application's requests, each begun by the first thing that Nest runs for it.
 *
 * @internal
 */
export class RequestScopes {
  private readonly scopes = new WeakMap<ServerResponse, RequestScope>();
  private readonly onClose: (this: ServerResponse) => void;
  private known: RequestSettings | undefined;
  private enterFirst: (() => void) | undefined;

  constructor(
    private readonly runtime: AirlockRuntime,
    private readonly options: BoundaryOptions,
    private readonly ending: Pick<RequestSettings, 'endWithResponse' | 'cutsConnections'>,
  ) {
    const { scopes } = this;
    this.onClose = function () {
      scopes.get(this)?.look();
    };
  }

  /** To be called before anything else is registered. */
  applyTo(server: HttpServer): void {
    this.enterFirst = coverAdapter(server, this.enter);
  }

  /** To be called when the platform has its body parsers, and before modules put anything on it themselves. */
  start(): void {
    this.enterFirst?.();
  }

  of(response: ServerResponse): RequestScope | undefined {
    return this.scopes.get(response);
  }

  /** One that its handler alone stands in. */
  apart(response: ServerResponse): RequestScope {
    return new RequestScope(this.settings, response, '', undefined, true);
  }

  /**
   * Calls `fn` in the scope of a request, wherever it is called from: the callbacks of session stores, uploads and parsers come
   * from elsewhere. What has put a scope or a policy of its own around the rest of the request stays around it.
   *
   * @param name what serves the request, where `fn` does
   */
  private readonly enter: EnterRequest = (request, response, name, fn, self, args) => {
    const raw = nodeResponse(response);
    if (raw === undefined) return Reflect.apply(fn, self, args);
    const scope = this.scopes.get(raw) ?? this.begin(request as HttpRequest, raw);
    if (name !== undefined) scope.named(name);
    if (isWithin(scope)) return Reflect.apply(fn, self, args);
    return contexts.run(scope, Reflect.apply, fn, self, args);
  };

  private begin(request: HttpRequest | undefined, response: ServerResponse): RequestScope {
    // Not its path, which may be secret.
    const scope = new RequestScope(this.settings, response, `${request?.method ?? 'HTTP'} request`);
    this.scopes.set(response, scope);
    response.on('close', this.onClose);
    return scope;
  }

  /** Resolved at the first request: policies may be providers, and those come after the server. */
  private get settings(): RequestSettings {
    if (this.known !== undefined) return this.known;
    const { runtime, ending } = this;
    const prepared = runtime.prepare(this.options);
    return (this.known = { ...ending, runtime, prepared, chain: runtime.root.chain.inside(prepared.policies) });
  }
}

function isWithin(scope: Context): boolean {
  let here = contexts.getStore();
  while (here !== undefined && here !== scope) here = here.outer;
  return here !== undefined;
}
