import { Module, type ModuleMetadata } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ClientsModule, Transport } from '@nestjs/microservices';
import { Redis } from 'ioredis';
import { AirlockModule } from 'nestjs-airlock';
import { AirlockBullMqModule, BullMqExecutor } from 'nestjs-airlock/bullmq';
import { AirlockMicroservicesModule, ClientProxyExecutor } from 'nestjs-airlock/microservices';
import { AirlockPgBossModule, PgBossExecutor } from 'nestjs-airlock/pg-boss';
import { EngineUnreachableError } from '../../lib/errors/engine-unreachable.error.js';
import { describeWithOwn } from '../own-servers/describe-with-own.js';
import { OwnNats } from '../own-servers/own.nats.js';
import { OwnPostgres } from '../own-servers/own.postgres.js';
import { OwnRedis } from '../own-servers/own.redis.js';
import type { OwnServer } from '../own-servers/own.server.js';
import { Told } from './told.js';

const SECRET = 'hunter2-marker';
const WAIT = { dispatchTimeoutMs: 1_500 };

type Imports = NonNullable<ModuleMetadata['imports']>;

/** What boots an application without a word but the error. */
async function errorOfBoot(imports: Imports, told: Told): Promise<unknown> {
  @Module({ imports })
  class AppModule {}

  try {
    const application = await NestFactory.createApplicationContext(AppModule, {
      logger: told.logger,
      abortOnError: false,
    });
    await application.close();
  } catch (error) {
    return error;
  }
  throw new Error('It started.');
}

describe('when an engine refuses the password at boot', () => {
  let told: Told;
  beforeEach(() => (told = new Told()).listen());
  afterEach(() => told.silence());

  function refusedBy(
    kind: Parameters<typeof describeWithOwn>[0][number] & { start(options: { password: string }): Promise<OwnServer> },
    ways: readonly (readonly [name: string, engine: string, imports: (server: OwnServer) => Imports])[],
  ): void {
    describeWithOwn([kind], kind.name, () => {
      let server: OwnServer;
      beforeAll(async () => (server = await kind.start({ password: 'correct' })), 30_000);
      afterAll(() => server.remove());

      it.each(ways)('says so, and nowhere the password: %s', async (_, engine, imports) => {
        const error = await errorOfBoot(imports(server), told);
        expect(error).toBeInstanceOf(EngineUnreachableError);
        expect((error as Error).message).toContain(engine.replace('PORT', String(server.port)));
        expect((error as Error).message).toContain('refused the password');
        told.log(error);
        expect(told.all).toContain('refused the password');
        expect(told.all).not.toContain(SECRET);
      });
    });
  }

  const bullMq = (connection: string | object, worker = false): Imports => [
    AirlockModule.forRoot({ executor: BullMqExecutor }),
    AirlockBullMqModule.forRoot({ connection, worker, ...WAIT }),
  ];
  refusedBy(OwnRedis, [
    ['a URL', 'Redis at 127.0.0.1:PORT', ({ port }) => bullMq(`redis://:${SECRET}@127.0.0.1:${port}`)],
    [
      'a URL, with a worker',
      'Redis at 127.0.0.1:PORT',
      ({ port }) => bullMq(`redis://:${SECRET}@127.0.0.1:${port}`, true),
    ],
    ['options', 'Redis at 127.0.0.1:PORT', ({ port }) => bullMq({ host: '127.0.0.1', port, password: SECRET })],
    ['none', 'Redis at 127.0.0.1:PORT', ({ port }) => bullMq({ host: '127.0.0.1', port })],
    [
      'a client that connects when it is told to',
      'Redis at localhost:PORT',
      ({ port }) => bullMq(new Redis({ port, password: SECRET, lazyConnect: true })),
    ],
  ]);

  refusedBy(OwnPostgres, [
    [
      'a URL',
      'The PostgreSQL of pg-boss',
      ({ port }) => [
        AirlockModule.forRoot({ executor: PgBossExecutor }),
        AirlockPgBossModule.forRoot({
          boss: { connectionString: `postgres://postgres:${SECRET}@127.0.0.1:${port}/postgres` },
          ...WAIT,
        }),
      ],
    ],
  ]);

  refusedBy(OwnNats, [
    [
      'a client of NATS',
      'The broker behind "BROKER"',
      ({ port }) => [
        AirlockModule.forRoot({ executor: ClientProxyExecutor }),
        ClientsModule.register([
          {
            name: 'BROKER',
            transport: Transport.NATS,
            options: { servers: [`nats://127.0.0.1:${port}`], user: 'airlock', pass: SECRET },
          },
        ]),
        AirlockMicroservicesModule.forRoot({ client: 'BROKER', ...WAIT }),
      ],
    ],
  ]);
});
