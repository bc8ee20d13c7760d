import { Body, Controller, type INestApplication, Module, Post, Sse } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { ContractPayload } from '../../contracts/boundary/boundary-contract.js';
import { ContractWork } from '../../contracts/boundary/contract-work.js';
import { describeBoundaryContract } from '../../contracts/boundary/describe-boundary-contract.js';
import type { AddressInfo } from 'node:net';
import { platforms } from '../../e2e/http/fixtures.js';

describe.each(platforms)('on %s', (_name, platform) => {
  describeBoundaryContract('an HTTP request', {
    boundary: 'http',
    method: 'handle',
    observable: true,
    leaves: true,
    requestScoped: true,
    declare({ name, onClass, onMethod }) {
      @Controller(name)
      @onClass
      class HttpHandler {
        constructor(private readonly work: ContractWork) {}
        @Post()
        @onMethod
        handle(@Body() payload: ContractPayload): unknown {
          return this.work.do(payload);
        }
        @Post('stream')
        @Sse('stream')
        @onMethod
        stream(@Body() payload: ContractPayload): unknown {
          return this.work.do(payload);
        }
      }
      return HttpHandler;
    },
    async start({ imports, providers, handlers, logger }) {
      @Module({ imports: [...imports], controllers: [...handlers], providers: [...providers] })
      class AppModule {}
      const app = await NestFactory.create<INestApplication>(AppModule, platform(), {
        logger,
        forceCloseConnections: true,
      });
      await app.listen(0, '127.0.0.1');
      const { port } = app.getHttpServer().address() as AddressInfo;
      const post = (
        path: string,
        payload: ContractPayload,
        signal?: AbortSignal,
      ): Promise<Response> =>
        fetch(`http://127.0.0.1:${port}/${path}`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(payload),
          ...(signal && { signal }),
        });
      return {
        app,
        async trigger(payload) {
          const response = await post(payload.handler, payload);
          return { status: response.status, body: await response.text() };
        },
        async leave(payload, underway) {
          const caller = new AbortController();
          const response = await post(`${payload.handler}/stream`, payload, caller.signal);
          await underway;
          await response.body!.cancel();
          caller.abort();
        },
      };
    },
  });
});
