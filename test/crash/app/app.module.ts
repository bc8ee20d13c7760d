import { type DynamicModule, Module } from '@nestjs/common';
import { AirlockModule, type ExecutorRef, InProcessExecutor } from 'nestjs-airlock';
import { AirlockBullMqModule, BullMqExecutor } from 'nestjs-airlock/bullmq';
import { AirlockKnexModule } from 'nestjs-airlock/knex';
import { AirlockOutboxModule, OutboxExecutor } from 'nestjs-airlock/outbox';
import { AirlockPgBossModule, PgBossExecutor } from 'nestjs-airlock/pg-boss';
import { connectTo } from '../database.js';
import { bossSchemaOf, type Settings } from '../settings.js';
import { type Engine, type Setup, SETUPS } from '../setups.js';
import { Books } from './books.js';
import { Complaints } from './complaints.js';
import { NOTIFICATIONS, Notifications } from './notifications.service.js';
import { OrdersController } from './orders.controller.js';
import { Orders } from './orders.service.js';

const EXECUTORS: Readonly<Record<Engine, ExecutorRef>> = {
  'pg-boss': PgBossExecutor,
  BullMQ: BullMqExecutor,
  outbox: OutboxExecutor,
};

/**
 * One application in two roles: the web process places orders, workers run their effects. Each
 * effect goes through every engine of the setup. What a killed worker was at is given to another
 * within seconds, and tried as often as it takes.
 */
@Module({})
export class AppModule {
  static in(settings: Settings): DynamicModule {
    const { role, run, redisUrl, databaseUrl } = settings;
    const setup: Setup = SETUPS[settings.setup];
    const isWorker = role === 'worker';
    const complaints = new Complaints();
    const books = new Books(connectTo(setup.database, databaseUrl, 6), setup.database);
    const executors = Object.fromEntries(
      setup.engines.map((engine) => [engine, EXECUTORS[engine]]),
    );
    const notifications = setup.engines.map((engine) => NOTIFICATIONS[engine]);
    return {
      module: AppModule,
      imports: [
        AirlockModule.forRoot({ executors, onDispatchError: complaints.reported }),
        AirlockKnexModule.forRoot(),
        ...(setup.engines.includes('pg-boss') ? [pgBossOf(settings)] : []),
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
          dialect: setup.database === 'MariaDB' ? 'mariadb' : 'postgres',
          connection: Books,
          executor:
            setup.behind === 'BullMQ' ? BullMqExecutor : new InProcessExecutor({ concurrency: 5 }),
          createTable: true,
          sweepIntervalMs: 500,
          sweepAfterMs: 3_000,
          retryDelayMs: 500,
        }),
      ],
      controllers: isWorker ? [] : [OrdersController],
      providers: [
        { provide: Books, useValue: books },
        { provide: Complaints, useValue: complaints },
        ...notifications,
        {
          provide: Notifications,
          inject: notifications,
          useFactory: (...ways: ConstructorParameters<typeof Notifications>[0]) =>
            new Notifications(ways),
        },
        Orders,
      ],
    };
  }
}

function pgBossOf({ role, run, databaseUrl }: Settings): DynamicModule {
  return AirlockPgBossModule.forRoot({
    boss: {
      connectionString: databaseUrl,
      schema: bossSchemaOf(run),
      max: 4,
      schedule: false,
      superviseIntervalSeconds: 1,
      monitorIntervalSeconds: 1,
    },
    queue: run,
    queues: { [run]: { retryLimit: 1_000, retryDelay: 0, expireInSeconds: 5 } },
    worker: role === 'worker' && { concurrency: 3, batchSize: 5, pollingIntervalSeconds: 0.5 },
  });
}
