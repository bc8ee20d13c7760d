import { type DynamicModule, Module } from '@nestjs/common';
import { AirlockModule } from 'nestjs-airlock';
import { AirlockInspectorModule } from 'nestjs-airlock/inspector';
import { AirlockBullMqModule, BullMqExecutor } from 'nestjs-airlock/bullmq';
import { AirlockOutboxModule, OutboxExecutor } from 'nestjs-airlock/outbox';
import { AirlockPgBossModule, PgBossExecutor } from 'nestjs-airlock/pg-boss';
import { Database } from '../database/database.js';
import { DatabaseModule } from '../database/database.module.js';
import type { ExecutorName, Settings } from '../settings/settings.js';
import { OnThisMachine } from './on-this-machine.guard.js';
import { OutboxController } from './outbox.controller.js';

/** The only place that knows how effects get out: no call changes with it. */
@Module({ imports: [DatabaseModule], controllers: [OutboxController] })
export class EffectsModule {
  static forRoot(settings: Settings): DynamicModule {
    return { module: EffectsModule, imports: [...engines[settings.executor](settings), inspector] };
  }
}

/**
 * Shows at /airlock what became of every effect. Mails and prices may be seen here, so arguments
 * and messages of errors are shown as they are.
 */
const inspector = AirlockInspectorModule.forRoot({
  guards: [new OnThisMachine()],
  redact: ({ args }) => args,
  redactError: (error) => (error instanceof Error ? error.message : error),
  callSites: true,
});

/** Every dropped effect is told of: which, why, and by which policy. */
const log = { drops: 'log' } as const;

/** It is meant that reservations run in this process: only receipts are jobs. */
const plainFunctions = 'in-process';

const engines: Readonly<Record<ExecutorName, (settings: Settings) => DynamicModule[]>> = {
  'in-process': () => [AirlockModule.forRoot({ log })],

  bullmq: ({ queue, redisUrl }) => [
    AirlockModule.forRoot({ log, executor: BullMqExecutor }),
    AirlockBullMqModule.forRoot({
      connection: redisUrl,
      queue,
      plainFunctions,
      jobOptions: {
        attempts: 5,
        backoff: { type: 'exponential', delay: 1_000 },
        removeOnComplete: { age: 3_600 },
      },
      worker: true,
    }),
  ],

  // No engine: effects are rows of the order's transaction, run here after it, and again where they
  // fail or this process dies.
  outbox: () => [
    AirlockModule.forRoot({ log, executor: OutboxExecutor }),
    AirlockOutboxModule.forRootAsync({
      imports: [DatabaseModule],
      inject: [Database],
      useFactory: (database: Database) => ({
        dialect: 'postgres',
        connection: database,
        createTable: true,
      }),
    }),
  ],

  // Jobs are written in the transaction of the order: both are there, or neither.
  'pg-boss': ({ queue }) => [
    AirlockModule.forRoot({ log, executor: PgBossExecutor }),
    AirlockPgBossModule.forRootAsync({
      imports: [DatabaseModule],
      inject: [Database],
      useFactory: (database: Database) => ({
        boss: { ...database.pgBoss, useListenNotify: true },
        queue,
        plainFunctions,
        queues: { [queue]: { retryLimit: 5, retryDelay: 1, retryBackoff: true, notify: true } },
        worker: true,
      }),
    }),
  ],
};
