import { type DynamicModule, Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import { AirlockModule, InProcessExecutor } from 'nestjs-airlock';
import { AirlockBullMqModule, BullMqExecutor } from 'nestjs-airlock/bullmq';
import { AirlockOutboxModule, OutboxExecutor } from 'nestjs-airlock/outbox';
import { AirlockPgBossModule, PgBossExecutor } from 'nestjs-airlock/pg-boss';
import { Pool } from 'pg';
import { bossSchemaOf, type Settings } from '../settings.js';
import { Complaints } from './complaints.js';
import { Notifications } from './notifications.service.js';
import { OrdersController } from './orders.controller.js';
import { Orders } from './orders.service.js';

/**
 * One application in two roles: the web process places orders, workers run their effects. Each
 * effect goes through pg-boss, BullMQ and the outbox. What a killed worker was at is given to
 * another within seconds, and tried as often as it takes.
 */
@Module({})
export class AppModule implements OnApplicationShutdown {
  constructor(@Inject(Pool) private readonly pool: Pool) {}

  static in({ role, run, postgresUrl, redisUrl, outbox }: Settings): DynamicModule {
    const isWorker = role === 'worker';
    const complaints = new Complaints();
    return {
      module: AppModule,
      imports: [
        AirlockModule.forRoot({
          executors: { 'pg-boss': PgBossExecutor, bullmq: BullMqExecutor, outbox: OutboxExecutor },
          onDispatchError: complaints.reported,
        }),
        AirlockPgBossModule.forRoot({
          boss: {
            connectionString: postgresUrl,
            schema: bossSchemaOf(run),
            max: 4,
            schedule: false,
            superviseIntervalSeconds: 1,
            monitorIntervalSeconds: 1,
          },
          queue: run,
          queues: { [run]: { retryLimit: 1_000, retryDelay: 0, expireInSeconds: 5 } },
          worker: isWorker && { concurrency: 3, batchSize: 5, pollingIntervalSeconds: 0.5 },
        }),
        AirlockBullMqModule.forRoot({
          connection: { url: redisUrl, connectionName: run },
          queue: run,
          jobOptions: { attempts: 1_000, backoff: { type: 'fixed', delay: 50 } },
          worker: isWorker && {
            concurrency: 5,
            lockDuration: 3_000,
            stalledInterval: 1_000,
            maxStalledCount: 1_000,
          },
        }),
        AirlockOutboxModule.forRoot({
          dialect: 'postgres',
          connection: Pool,
          executor:
            outbox === 'BullMQ' ? BullMqExecutor : new InProcessExecutor({ concurrency: 5 }),
          createTable: true,
          sweepIntervalMs: 500,
          sweepAfterMs: 3_000,
        }),
      ],
      controllers: isWorker ? [] : [OrdersController],
      providers: [
        { provide: Pool, useFactory: () => poolOf(postgresUrl) },
        { provide: Complaints, useValue: complaints },
        Notifications,
        Orders,
      ],
    };
  }

  async onApplicationShutdown(): Promise<void> {
    await this.pool.end();
  }
}

function poolOf(connectionString: string): Pool {
  const pool = new Pool({ connectionString, max: 6, connectionTimeoutMillis: 5_000 });
  // Idle connections break, too.
  pool.on('error', () => {});
  return pool;
}
