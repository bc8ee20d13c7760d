import { Injectable } from '@nestjs/common';
import { ClientsModule, Transport } from '@nestjs/microservices';
import { Test, type TestingModule } from '@nestjs/testing';
import { Queue } from 'bullmq';
import {
  AirlockModule,
  AirlockService,
  DispatchError,
  EffectBuffer,
  SideEffect,
} from 'nestjs-airlock';
import { AirlockBullMqModule, BullMqExecutor } from 'nestjs-airlock/bullmq';
import { AirlockMicroservicesModule, ClientProxyExecutor } from 'nestjs-airlock/microservices';
import { AirlockPgBossModule, PgBossExecutor } from 'nestjs-airlock/pg-boss';
import { describeWithOwn } from '../own-servers/describe-with-own.js';
import { OwnNats } from '../own-servers/own.nats.js';
import { OwnPostgres } from '../own-servers/own.postgres.js';
import { OwnRedis } from '../own-servers/own.redis.js';
import { Lines } from '../integrations/remote.js';
import type { OwnServer } from '../own-servers/own.server.js';

/** Enough for an engine that answers, on a machine that is busy. */
const DISPATCH_TIMEOUT_MS = 1_000;

@Injectable()
class Shop {
  noted = 0;

  @SideEffect({ executor: 'engine' })
  async mail(_order: number): Promise<void> {}

  @SideEffect()
  async note(): Promise<void> {
    this.noted++;
  }
}

const NATS = 'NATS_OF_TEST';
const ENGINES = [
  [
    OwnRedis,
    BullMqExecutor,
    (url: string) => [
      AirlockBullMqModule.forRoot({ connection: url, dispatchTimeoutMs: DISPATCH_TIMEOUT_MS }),
    ],
  ],
  [
    OwnPostgres,
    PgBossExecutor,
    (url: string) => [
      AirlockPgBossModule.forRoot({
        boss: { connectionString: url },
        dispatchTimeoutMs: 8 * DISPATCH_TIMEOUT_MS,
      }),
    ],
  ],
  [
    OwnNats,
    ClientProxyExecutor,
    (url: string) => [
      ClientsModule.register([
        { name: NATS, transport: Transport.NATS, options: { servers: [url] } },
      ]),
      AirlockMicroservicesModule.forRoot({ client: NATS, dispatchTimeoutMs: DISPATCH_TIMEOUT_MS }),
    ],
  ],
] as const;

describe.each(ENGINES)(
  'when the engine of every other effect falls silent: %p',
  (Kind, executor, modulesAt) => {
    describeWithOwn([Kind], 'and a scope is flushed', () => {
      let server: OwnServer;
      let application: TestingModule;

      beforeEach(async () => {
        server = await Kind.start();
        application = await Test.createTestingModule({
          imports: [
            AirlockModule.forRoot({ executors: { engine: executor } }),
            ...modulesAt(server.url),
          ],
          providers: [Shop],
        })
          .setLogger(new Lines() as never)
          .compile();
        await application.init();
      }, 60_000);
      afterEach(async () => {
        server.thaw();
        await application.close();
        await server.remove();
      });

      async function flushed(
        work: (shop: Shop) => Promise<void>,
      ): Promise<{ error: DispatchError; ms: number }> {
        const startedAt = performance.now();
        const error: DispatchError = await application
          .get(AirlockService)
          .run(() => work(application.get(Shop)))
          .then(
            () => Promise.reject(new Error('It was flushed.')),
            (reason: DispatchError) => reason,
          );
        return { error, ms: performance.now() - startedAt };
      }

      it('waits for it once, and lets out what goes elsewhere', async () => {
        await application.get(AirlockService).run(() => application.get(Shop).mail(0));
        server.freeze();
        const { error, ms } = await flushed(async (shop) => {
          for (let order = 1; order <= 10; order++) {
            await shop.mail(order);
            await shop.note();
          }
        });
        const timeoutMs =
          executor === PgBossExecutor ? 8 * DISPATCH_TIMEOUT_MS : DISPATCH_TIMEOUT_MS;
        // For each of them it would be ten times as long.
        expect(ms).toBeLessThan(5 * timeoutMs);
        expect(error.failures.map(({ error }) => (error as { code: string }).code)).toEqual(
          Array.from({ length: 10 }, () => 'AIRLOCK_ENGINE_UNREACHABLE'),
        );
        expect(error.failures.map(({ error }) => (error as { delivery: string }).delivery)).toEqual(
          ['unknown', ...Array.from({ length: 9 }, () => 'not sent')],
        );
        expect(application.get(Shop).noted).toBe(10);
      }, 60_000);
    });
  },
);

describeWithOwn(
  [OwnRedis],
  'when Redis falls silent and queues of the application share it',
  () => {
    it('is waited for once in a flush', async () => {
      const redis = await OwnRedis.start();
      const queues = ['mails', 'stock', 'bills', 'books'].map(
        (name) => new Queue(name, { connection: { host: '127.0.0.1', port: redis.port } }),
      );
      for (const queue of queues) queue.on('error', () => {});
      const application = await Test.createTestingModule({
        imports: [
          AirlockModule.forRoot({ executor: BullMqExecutor }),
          AirlockBullMqModule.forRoot({
            connection: redis.url,
            dispatchTimeoutMs: DISPATCH_TIMEOUT_MS,
          }),
        ],
      })
        .setLogger(new Lines() as never)
        .compile();
      await application.init();
      try {
        await Promise.all(queues.map((queue) => queue.waitUntilReady()));
        redis.freeze();
        const flushing = application.get(AirlockService).run(() => {
          for (let round = 0; round < 3; round++) {
            for (const queue of queues)
              application.get(EffectBuffer).defer(queue).add('job', { round });
          }
        });
        const error: DispatchError = await flushing.then(
          () => Promise.reject(new Error('It was flushed.')),
          (reason: DispatchError) => reason,
        );
        expect(error.failures.map(({ error }) => (error as { delivery: string }).delivery)).toEqual(
          ['unknown', ...Array.from({ length: 11 }, () => 'not sent')],
        );
      } finally {
        redis.thaw();
        await Promise.all(queues.map((queue) => queue.close()));
        await application.close();
        await redis.remove();
      }
    });
  },
);
