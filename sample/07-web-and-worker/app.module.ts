import { type DynamicModule, Module } from '@nestjs/common';
import { AirlockModule } from 'nestjs-airlock';
import {
  AirlockBullMqModule,
  type AirlockBullMqOptions,
  BullMqExecutor,
} from 'nestjs-airlock/bullmq';
import { SignupsModule } from './signups/signups.module.js';

/** The application of both processes. */
@Module({ imports: [AirlockModule.forRoot({ executor: BullMqExecutor }), SignupsModule] })
export class AppModule {
  /** @param worker whether this process runs effects, or only sends them */
  static forRoot({ worker }: Pick<AirlockBullMqOptions, 'worker'>): DynamicModule {
    const queues = AirlockBullMqModule.forRoot({
      connection: process.env.REDIS_URL || 'redis://127.0.0.1:6379',
      queue: process.env.QUEUE || 'signups',
      jobOptions: { attempts: 2, backoff: 1_000, removeOnComplete: { age: 3_600 } },
      worker,
    });
    return { module: AppModule, imports: [queues] };
  }
}
