import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ScheduleModule, SchedulerRegistry } from '@nestjs/schedule';
import type { ContractPayload } from '../../contracts/boundary/boundary-contract.js';
import { ContractWork } from '../../contracts/boundary/contract-work.js';
import { describeBoundaryContract } from '../../contracts/boundary/describe-boundary-contract.js';
import { AsyncLocalStorage } from 'node:async_hooks';
import { clocks } from './clocks.js';

describe.each(clocks)('with $name', (clock) => {
  /** What each handler is to be called with, as a tick brings nothing along. */
  const payloads = new Map<string, ContractPayload>();

  describeBoundaryContract('a tick', {
    boundary: 'schedule',
    method: 'tick',
    answers: false,
    declare({ name, onClass, onMethod }) {
      @onClass
      class Ticking {
        constructor(readonly work: ContractWork) {}
        @clock.on(name)
        @onMethod
        tick(): unknown {
          return this.work.do(payloads.get(name)!);
        }
      }
      return Ticking;
    },
    async start({ imports, providers, handlers, logger }) {
      @Module({
        imports: [...imports, ScheduleModule.forRoot()],
        providers: [...providers, ...handlers],
      })
      class AppModule {}
      const app = await NestFactory.createApplicationContext(AppModule, { logger });
      const registry = app.get(SchedulerRegistry);
      // As timers do, which are set when the application starts.
      const outside = AsyncLocalStorage.snapshot();
      return {
        app,
        async trigger(payload) {
          payloads.set(payload.handler, payload);
          outside(() => clock.strike(registry, payload.handler));
        },
      };
    },
  });
});
