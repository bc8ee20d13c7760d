import { Processor, WorkerHost } from '@nestjs/bullmq';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { Job } from 'bullmq';
import type { ContractPayload } from '../../contracts/boundary/boundary-contract.js';
import { ContractWork } from '../../contracts/boundary/contract-work.js';
import { describeBoundaryContract } from '../../contracts/boundary/describe-boundary-contract.js';
import { describeWith, redis } from '../../servers.js';
import { Jobs } from './jobs.js';

describeWith(redis, 'on Redis', () => {
  const jobs = new Jobs();
  beforeAll(() => jobs.open());
  afterAll(() => jobs.close());

  describeBoundaryContract('a BullMQ job', {
    boundary: 'bullmq',
    method: 'process',
    requestScoped: true,
    declare({ name, onClass, onMethod }) {
      @Processor(name, { concurrency: 50 })
      @onClass
      class JobProcessor extends WorkerHost {
        constructor(private readonly work: ContractWork) {
          super();
        }
        @onMethod
        process({ data }: Job<ContractPayload>): Promise<unknown> {
          return this.work.do(data) as Promise<unknown>;
        }
      }
      return JobProcessor;
    },
    async start({ imports, providers, handlers, logger }) {
      @Module({ imports: [...jobs.modules(), ...imports], providers: [...providers, ...handlers] })
      class AppModule {}
      const app = await NestFactory.createApplicationContext(AppModule, { logger });
      return { app, trigger: (payload) => jobs.call(payload.handler, payload) };
    },
  });
});
