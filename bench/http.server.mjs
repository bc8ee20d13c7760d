// Serves one variant: `node http.server.mjs <platform> <variant>`; tells its parent the port.
import 'reflect-metadata';
import { AsyncLocalStorage } from 'node:async_hooks';
import { Controller, Get, Inject, Injectable, Module, Scope } from '@nestjs/common';
import { APP_INTERCEPTOR, NestFactory } from '@nestjs/core';
import { AirlockModule, EffectBuffer } from 'nestjs-airlock';
import { AirlockInspectorModule } from 'nestjs-airlock/inspector';
import { AirlockOpenTelemetryModule } from 'nestjs-airlock/opentelemetry';
import { ClsModule, ClsService } from 'nestjs-cls';
import { Observable } from 'rxjs';

const [platform, variant] = process.argv.slice(2);

const effect = () => {};

/** A class with the decorators that TypeScript would apply. */
function controller(dependencies, handle) {
  class BenchController {
    constructor(...injected) {
      this.injected = injected;
    }
    async get() {
      handle(...this.injected);
      return { ok: true };
    }
  }
  dependencies.forEach((token, index) => Inject(token)(BenchController, undefined, index));
  Get()(
    BenchController.prototype,
    'get',
    Object.getOwnPropertyDescriptor(BenchController.prototype, 'get'),
  );
  Controller()(BenchController);
  return BenchController;
}

class NoopInterceptor {
  intercept(_context, next) {
    return next.handle();
  }
}

/** What any asynchronous context costs on this version of Node, whatever is kept in it. */
class AsyncContextInterceptor {
  context = new AsyncLocalStorage();
  intercept(_context, next) {
    return new Observable((subscriber) =>
      this.context.run({}, () => next.handle().subscribe(subscriber)),
    );
  }
}

/** The obvious buffer: one per request, flushed by an interceptor. */
class RequestBuffer {
  effects = [];
  enqueue(run) {
    this.effects.push(run);
  }
}
Injectable({ scope: Scope.REQUEST })(RequestBuffer);

class ClsBuffer {
  constructor(cls) {
    this.cls = cls;
  }
  enqueue(run) {
    this.cls.get('effects').push(run);
  }
}
Inject(ClsService)(ClsBuffer, undefined, 0);
Injectable()(ClsBuffer);

const enqueue = (count) => (buffer) => {
  for (let i = 0; i < count; i++) buffer.enqueue(effect);
};
const enqueueAndRun = (buffer) => {
  enqueue(3)(buffer);
  for (const run of buffer.effects) run();
};
const airlock = (count, ...more) => ({
  imports: [AirlockModule.forRoot(), ...more],
  controllers: [controller([EffectBuffer], enqueue(count))],
});

const modules = {
  bare: () => ({ controllers: [controller([], () => {})] }),
  'no-op interceptor': () => ({
    controllers: [controller([], () => {})],
    providers: [{ provide: APP_INTERCEPTOR, useClass: NoopInterceptor }],
  }),
  'async context': () => ({
    controllers: [controller([], () => {})],
    providers: [{ provide: APP_INTERCEPTOR, useClass: AsyncContextInterceptor }],
  }),
  'airlock 0': () => airlock(0),
  'airlock 3': () => airlock(3),
  'airlock 20': () => airlock(20),
  'airlock 3, inspected': () => airlock(3, AirlockInspectorModule.forRoot()),
  // Without an SDK.
  'airlock 3, opentelemetry': () => airlock(3, AirlockOpenTelemetryModule.forRoot()),
  'request-scoped': () => ({
    controllers: [controller([RequestBuffer], enqueueAndRun)],
    providers: [RequestBuffer],
  }),
  'nestjs-cls': () => ({
    imports: [
      ClsModule.forRoot({
        global: true,
        middleware: { mount: true, setup: (cls) => cls.set('effects', []) },
      }),
    ],
    controllers: [
      controller([ClsBuffer, ClsService], (buffer, cls) => {
        enqueue(3)(buffer);
        for (const run of cls.get('effects')) run();
      }),
    ],
    providers: [ClsBuffer],
  }),
};

class BenchModule {}
Module(modules[variant]())(BenchModule);

const adapter =
  platform === 'fastify'
    ? new (await import('@nestjs/platform-fastify')).FastifyAdapter()
    : new (await import('@nestjs/platform-express')).ExpressAdapter();
const app = await NestFactory.create(BenchModule, adapter, { logger: ['error'] });
await app.listen(0, '127.0.0.1');
process.send({ port: app.getHttpServer().address().port });
process.on('disconnect', () => process.exit());
