import type { HttpServer } from '@nestjs/common';
import type { ServerResponse } from 'node:http';
import type { AirlockRuntime } from '../../../core/runtime.js';
import { contexts } from '../../../core/scope/context.js';
import type { BoundaryOptions } from '../../options/boundary-options.js';
import { coverAdapter, type EnterRequest } from './http.adapter.js';
import { ResponseEndings } from './response-endings.js';
import {
  type HttpRequest,
  isUpgraded,
  makeRoomForListener,
  nodeResponse,
} from './http.messages.js';
import { isWithin, RequestEvents } from './request-events.js';
import { RequestScope, type RequestSettings } from './request-scope.js';

type CarriesScope = { [key: symbol]: RequestScope | undefined };

/**
 * The scopes of an application's requests; each begins with the first thing that Nest runs for it.
 *
 * @internal
 */
export class RequestScopes {
  /**
   * Property of a response that holds its scope. Each application has a key of its own. A map of
   * responses would cost a request more than all the rest of its scope.
   */
  private readonly key = Symbol('AIRLOCK_REQUEST_SCOPE');
  private readonly onEnd: (this: ServerResponse) => void;
  private readonly events = new RequestEvents((response) => this.of(response));
  private resolved: RequestSettings | undefined;
  private enterAll: (() => void) | undefined;

  constructor(
    private readonly runtime: AirlockRuntime,
    private readonly options: BoundaryOptions,
    private readonly ending: Pick<RequestSettings, 'endWithResponse' | 'cutsConnections'>,
  ) {
    const { key } = this;
    this.onEnd = function () {
      (this as unknown as CarriesScope)[key]?.end();
    };
  }

  /** To be called before anything else is registered. */
  applyTo(server: HttpServer): void {
    this.enterAll = coverAdapter(server, this.enter);
  }

  /** To be called when the application's classes are built. */
  start(): void {
    this.enterAll?.();
  }

  of(response: ServerResponse): RequestScope | undefined {
    return (response as unknown as CarriesScope)[this.key];
  }

  /** Makes a scope that the handler alone runs in. */
  apart(response: ServerResponse): RequestScope {
    return new RequestScope(this.settings, response, '', undefined, true);
  }

  /**
   * Calls `fn` in the scope of a request, whatever context it is called in: callbacks of session
   * stores, uploads and parsers have others. A scope or a policy that was put around the rest of
   * the request stays around it.
   *
   * @param name the route, if `fn` serves one
   */
  private readonly enter: EnterRequest = (request, response, name, fn, self, args) => {
    const scope =
      (response as CarriesScope | undefined)?.[this.key] ??
      this.scopeOf(request as HttpRequest, nodeResponse(response));
    if (scope === undefined) return Reflect.apply(fn, self, args);
    if (name !== undefined) scope.named(name);
    if (isWithin(scope)) return Reflect.apply(fn, self, args);
    return contexts.run(scope, Reflect.apply, fn, self, args);
  };

  private scopeOf(
    request: HttpRequest | undefined,
    response: ServerResponse | undefined,
  ): RequestScope | undefined {
    // Messages on a WebSocket are no part of the request that has opened it.
    if (response === undefined || isUpgraded(response)) return undefined;
    return this.of(response) ?? this.begin(request, response);
  }

  private begin(request: HttpRequest | undefined, response: ServerResponse): RequestScope {
    // Without its path, which may be secret.
    const scope = new RequestScope(this.settings, response, `${request?.method ?? 'HTTP'} request`);
    (response as unknown as CarriesScope)[this.key] = scope;
    makeRoomForListener(response);
    // `close` is not too late: the response itself shows that it was handed to the network. On
    // HTTP/2 the first event, `finish`, tells everything.
    response.prependListener('stream' in response ? 'finish' : 'close', this.onEnd);
    this.events.cover(response);
    return scope;
  }

  /** Resolved at the first request: policies may be providers, and those come after the server. */
  private get settings(): RequestSettings {
    if (this.resolved !== undefined) return this.resolved;
    const { runtime, ending } = this;
    const prepared = runtime.prepare(this.options);
    return (this.resolved = {
      ...ending,
      endings: new ResponseEndings(),
      runtime,
      prepared,
      chain: runtime.root.chain.inside(prepared.policies),
    });
  }
}
