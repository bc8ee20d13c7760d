import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, Module, type ModuleMetadata } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ClientsModule, type NatsOptions, Transport } from '@nestjs/microservices';
import { AirlockModule, AirlockService, type ExecutorRef, SideEffect } from 'nestjs-airlock';
import { AirlockMicroservicesModule, ClientProxyExecutor } from 'nestjs-airlock/microservices';
import { AirlockPgBossModule, PgBossExecutor } from 'nestjs-airlock/pg-boss';
import { Lines, msOfClosing, until } from '../integrations/remote.js';
import { describeWithOwn } from '../own-servers/describe-with-own.js';
import { OwnNats } from '../own-servers/own.nats.js';
import { OwnPostgres } from '../own-servers/own.postgres.js';
import type { OwnServer } from '../own-servers/own.server.js';

@Injectable()
class Mail {
  readonly begun: number[] = [];
  ms = 0;

  @SideEffect()
  async send(order: number): Promise<void> {
    this.begun.push(order);
    await sleep(this.ms);
  }
}

const DISPATCH_TIMEOUT_MS = 2_000;
const SHUTDOWN_TIMEOUT_MS = 1_500;

type Imports = NonNullable<ModuleMetadata['imports']>;
const natsAt = (url: string): NatsOptions => ({
  transport: Transport.NATS,
  options: { servers: [url] },
});

const ENGINES: readonly (readonly [
  kind: {
    readonly name: string;
    readonly program: string | undefined;
    start(): Promise<OwnServer>;
  },
  executor: ExecutorRef,
  imports: (url: string) => Imports,
])[] = [
  [
    OwnPostgres,
    PgBossExecutor,
    (url) => [
      AirlockPgBossModule.forRoot({
        boss: { connectionString: url },
        worker: { batchSize: 3, pollingIntervalSeconds: 0.5 },
        dispatchTimeoutMs: DISPATCH_TIMEOUT_MS,
      }),
    ],
  ],
  [
    OwnNats,
    ClientProxyExecutor,
    (url) => [
      ClientsModule.register([{ name: 'BROKER', ...natsAt(url) }]),
      AirlockMicroservicesModule.forRoot({
        client: 'BROKER',
        consumer: true,
        dispatchTimeoutMs: DISPATCH_TIMEOUT_MS,
      }),
    ],
  ],
];

describe.each(ENGINES)(
  'when an engine is gone at the shutdown of an application that runs effects: %p',
  (kind, executor, importsAt) => {
    describeWithOwn([kind], 'and it', () => {
      let server: OwnServer;
      const lines = new Lines();

      beforeEach(async () => void (server = await kind.start()), 60_000);
      afterEach(() => server.remove());

      async function boot() {
        @Module({
          imports: [
            AirlockModule.forRoot({ executor, shutdownTimeoutMs: SHUTDOWN_TIMEOUT_MS }),
            ...importsAt(server.url),
          ],
          providers: [Mail],
        })
        class AppModule {}

        const application = await NestFactory.create(AppModule, {
          logger: lines as never,
          abortOnError: false,
        });
        if (kind === OwnNats) {
          application.connectMicroservice(natsAt(server.url));
          await application.startAllMicroservices();
        }
        await application.init();
        await application.get(AirlockService).run(() => application.get(Mail).send(0));
        await until(() => application.get(Mail).begun.length === 1);
        return application;
      }

      it.each<[string, () => Promise<void> | void]>([
        ['was killed', () => server.kill()],
        ['answers nobody', () => server.freeze()],
      ])(
        '%s: it closes in the time that is given for it',
        async (_, harm) => {
          const application = await boot();
          await harm();
          await sleep(50);
          const ms = await msOfClosing(application);
          expect(ms).toBeLessThan(SHUTDOWN_TIMEOUT_MS + 3 * DISPATCH_TIMEOUT_MS);
        },
        60_000,
      );

      it('answers nobody while an effect runs: it closes in the time that is given for it', async () => {
        const application = await boot();
        const mail = application.get(Mail);
        mail.ms = 4_000;
        await application.get(AirlockService).run(async () => {
          for (const order of [1, 2, 3]) await mail.send(order);
        });
        await until(() => mail.begun.length >= 2);
        server.freeze();
        const ms = await msOfClosing(application);
        expect(ms).toBeLessThan(SHUTDOWN_TIMEOUT_MS + 3 * DISPATCH_TIMEOUT_MS);
      }, 60_000);
    });
  },
);
