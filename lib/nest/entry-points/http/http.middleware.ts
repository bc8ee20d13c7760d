import type { HttpServer } from '@nestjs/common';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AirlockRuntime, PreparedScope } from '../../../core/airlock-runtime.js';
import type { HttpResponse, HttpUnit, RawRequest } from './http.messages.js';
import type { BoundaryOptions } from '../../options.js';

interface FastifyLike {
  addHook(name: 'preHandler', hook: (request: RawRequest, reply: unknown, done: () => void) => void): unknown;
}

/**
 * `openAt: 'middleware'`: opens a request's scope before guards and remembers it under the request, where the boundary finds
 * it again.
 *
 * @internal
 */
export class HttpMiddleware {
  private readonly units = new WeakMap<object, HttpUnit>();

  constructor(
    private readonly runtime: AirlockRuntime,
    private readonly options: BoundaryOptions,
    private readonly endAfter: (unit: HttpUnit, response: HttpResponse) => void,
  ) {}

  unitOf(request: RawRequest): HttpUnit | undefined {
    return this.units.get(request.raw ?? request);
  }

  /** Puts itself in front of everything the application registers from here on. */
  applyTo(server: HttpServer): void {
    // At the first request: Nest has not built all classes yet.
    let prepared: PreparedScope | undefined;
    server.use((request: IncomingMessage, response: ServerResponse, next: () => void) => {
      const path = request.url?.split('?', 1)[0] ?? '';
      const scope = this.runtime.enter({
        ...(prepared ??= this.runtime.prepare(this.options)),
        name: `${request.method} ${path}`,
      });
      const unit: HttpUnit = { scope, handler: 'none' };
      this.units.set(request, unit);
      this.endAfter(unit, response);
      scope.run(next);
    });
    // Fastify before 5.11 reads bodies from stream events that forget who listens: enter again once that is done.
    if (server.getType() !== 'fastify') return;
    (server.getInstance() as FastifyLike).addHook('preHandler', (request, _reply, done) => {
      const scope = this.unitOf(request)?.scope;
      if (scope?.state === 'open') scope.run(done);
      else done();
    });
  }
}
