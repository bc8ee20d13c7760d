import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { EventEmitter2, EventEmitterModule, OnEvent } from '@nestjs/event-emitter';
import type {
  BoundaryContractOptions,
  ContractPayload,
} from '../../contracts/boundary/boundary-contract.js';
import { ContractWork } from '../../contracts/boundary/contract-work.js';
import { describeBoundaryContract } from '../../contracts/boundary/describe-boundary-contract.js';

/**
 * `emit` tells its caller nothing; `emitAsync` waits for the listeners, and hears of errors that
 * are not suppressed.
 */
function listenerRow(how: 'emit' | 'emitAsync'): BoundaryContractOptions {
  return {
    boundary: 'event-emitter',
    method: 'on',
    nested: true,
    requestScoped: true,
    answers: how === 'emitAsync',
    declare({ name, onClass, onMethod }) {
      @Injectable()
      @onClass
      class Listener {
        constructor(private readonly work: ContractWork) {}
        @OnEvent(name, { suppressErrors: how === 'emit' })
        @onMethod
        on(payload: ContractPayload): unknown {
          return this.work.do(payload);
        }
      }
      return Listener;
    },
    async start({ imports, providers, handlers, logger }) {
      @Module({
        imports: [...imports, EventEmitterModule.forRoot()],
        providers: [...providers, ...handlers],
      })
      class AppModule {}
      const app = await NestFactory.createApplicationContext(AppModule, { logger });
      const emitter = app.get(EventEmitter2);
      return {
        app,
        trigger: async (payload) => {
          if (how === 'emit') return void emitter.emit(payload.handler, payload);
          return emitter.emitAsync(payload.handler, payload);
        },
      };
    },
  };
}

describeBoundaryContract('a listener of `emit`', listenerRow('emit'));
describeBoundaryContract('a listener of `emitAsync`', listenerRow('emitAsync'));
