import { inspect } from 'node:util';
import { Module, type ModuleMetadata } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { type ClientProvider, ClientsModule, Transport } from '@nestjs/microservices';
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
import { describeWith, rabbitmq, type TestServer } from '../servers.js';
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
    kind: Parameters<typeof describeWithOwn>[0][number] & {
      start(options: { password: string }): Promise<OwnServer>;
    },
    ways: readonly (readonly [
      name: string,
      engine: string,
      imports: (server: OwnServer) => Imports,
    ])[],
  ): void {
    describeWithOwn([kind], kind.name, () => {
      let server: OwnServer;
      beforeAll(async () => (server = await kind.start({ password: 'correct' })), 60_000);
      afterAll(() => server.remove());

      it.each(ways)('says so, and nowhere the password: %s', async (_, engine, imports) => {
        const error = await errorOfBoot(imports(server), told);
        expect(error).toBeInstanceOf(EngineUnreachableError);
        expect((error as Error).message).toContain(engine.replace('PORT', String(server.port)));
        expect((error as Error).message).toContain('refused the password');
        expect((error as EngineUnreachableError).problem?.kind).toBe('login');
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
    [
      'a URL',
      'Redis at 127.0.0.1:PORT',
      ({ port }) => bullMq(`redis://:${SECRET}@127.0.0.1:${port}`),
    ],
    [
      'a URL, with a worker',
      'Redis at 127.0.0.1:PORT',
      ({ port }) => bullMq(`redis://:${SECRET}@127.0.0.1:${port}`, true),
    ],
    [
      'options',
      'Redis at 127.0.0.1:PORT',
      ({ port }) => bullMq({ host: '127.0.0.1', port, password: SECRET }),
    ],
    ['none', 'Redis at 127.0.0.1:PORT', ({ port }) => bullMq({ host: '127.0.0.1', port })],
    [
      'a client that connects when it is told to',
      'Redis at localhost:PORT',
      ({ port }) => bullMq(new Redis({ port, password: SECRET, lazyConnect: true })),
    ],
  ]);

  describeWithOwn([OwnRedis], 'Redis as a broker, whose client tells it aside', () => {
    it('says so, and not the password', async () => {
      const server = await OwnRedis.start({ password: 'correct' });
      const { port } = server;
      const error = await errorOfBoot(
        [
          AirlockModule.forRoot({ executor: ClientProxyExecutor }),
          ClientsModule.register([
            {
              name: 'BROKER',
              transport: Transport.REDIS,
              options: { host: '127.0.0.1', port, password: SECRET },
            },
          ]),
          AirlockMicroservicesModule.forRoot({ client: 'BROKER', ...WAIT }),
        ],
        told,
      );
      await server.remove();
      // The log is not looked at: the client of Nest writes down the error of ioredis as it is.
      expect((error as Error).message).toContain(
        'The broker behind "BROKER" refused the password (WRONGPASS)',
      );
      expect(inspect(error, { depth: 10 })).not.toContain(SECRET);
    });
  });

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

  const brokers: readonly (readonly [TestServer, (url: URL) => ClientProvider])[] = [
    [
      rabbitmq,
      (url) => ({
        transport: Transport.RMQ,
        options: { urls: [Object.assign(url, { password: SECRET }).href], queue: 'nobody' },
      }),
    ],
  ];
  for (const [server, clientOf] of brokers) {
    describeWith(server, server.name, () => {
      it('says so, and nowhere the password', async () => {
        const error = await errorOfBoot(
          [
            AirlockModule.forRoot({ executor: ClientProxyExecutor }),
            ClientsModule.register([{ name: 'BROKER', ...clientOf(new URL(server.url)) } as never]),
            AirlockMicroservicesModule.forRoot({ client: 'BROKER', ...WAIT }),
          ],
          told,
        );
        expect(error).toBeInstanceOf(EngineUnreachableError);
        told.log(error);
        expect(told.all).not.toContain(SECRET);
        expect((error as Error).message).toContain('refused the password');
      });
    });
  }
});
