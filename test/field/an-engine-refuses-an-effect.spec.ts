import { Inject, Injectable, Module, type ModuleMetadata } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ClientsModule, Transport } from '@nestjs/microservices';
import { Queue } from 'bullmq';
import {
  AirlockModule,
  AirlockService,
  DispatchError,
  EffectBuffer,
  type ExecutorRef,
  SideEffect,
} from 'nestjs-airlock';
import { AirlockBullMqModule, BullMqExecutor } from 'nestjs-airlock/bullmq';
import { AirlockMicroservicesModule, ClientProxyExecutor } from 'nestjs-airlock/microservices';
import { AirlockPgBossModule, PgBossExecutor } from 'nestjs-airlock/pg-boss';
import { adapters } from '../integrations/pg-boss/adapters.js';
import { onPostgres } from '../integrations/pg-boss/pg-boss.fixtures.js';
import { describeWithOwn } from '../own-servers/describe-with-own.js';
import { OwnNats } from '../own-servers/own.nats.js';
import { OwnRedis } from '../own-servers/own.redis.js';
import { describeWith, postgres } from '../servers.js';
import { Told } from './told.js';

/** An argument that is nobody else's business. */
const SECRET = 'iban-marker-8472';

@Injectable()
class Bank {
  constructor(@Inject(EffectBuffer) private readonly effects: EffectBuffer) {}

  @SideEffect()
  async transfer(_account: object): Promise<void> {}

  queue(queue: Queue): void {
    this.effects.defer(queue).add('transfer', { account: SECRET });
  }
}

interface Application {
  readonly bank: Bank;
  /** @returns what whoever runs `work` is told. */
  errorOf(work: (bank: Bank) => Promise<unknown>): Promise<unknown>;
  /** The same work as a request, whose failures are reported. */
  report(work: (bank: Bank) => Promise<unknown>): Promise<void>;
  close(): Promise<void>;
}

async function boot(
  executor: ExecutorRef,
  imports: NonNullable<ModuleMetadata['imports']>,
  told: Told,
): Promise<Application> {
  @Module({ imports: [AirlockModule.forRoot({ executor }), ...imports], providers: [Bank] })
  class AppModule {}

  const context = await NestFactory.createApplicationContext(AppModule, {
    logger: told.logger,
    abortOnError: false,
  });
  const [airlock, bank] = [context.get(AirlockService), context.get(Bank)];
  return {
    bank,
    errorOf: (work) =>
      airlock
        .run(() => work(bank))
        .then(
          () => Promise.reject(new Error('It went well.')),
          (error: unknown) => error,
        ),
    report: async (work) => {
      await airlock.run({ onDispatchError: 'report' }, () => work(bank)).catch(() => {});
    },
    close: () => context.close(),
  };
}

describe('when an engine refuses an effect', () => {
  let told: Told;
  let application: Application | undefined;
  beforeEach(() => (told = new Told()).listen());
  afterEach(async () => {
    await application?.close();
    application = undefined;
    told.silence();
  });

  const transfer = async (bank: Bank): Promise<void> => bank.transfer({ account: SECRET });

  /** Neither the error nor what is logged about it shows what the effect was called with. */
  async function isKeptBy(app: Application, work = transfer): Promise<void> {
    const error = await app.errorOf(work);
    expect(error).toBeInstanceOf(DispatchError);
    told.log(error);
    for (const failure of (error as DispatchError).failures) told.log(failure.error);
    await app.report(work);
    expect(told.all).toContain('transfer');
    expect(told.all).not.toContain(SECRET);
  }

  describeWithOwn([OwnRedis], 'Redis, which is full', () => {
    let redis: OwnRedis;
    beforeAll(async () => {
      redis = await OwnRedis.start();
      await redis.command('config', 'set', 'maxmemory', '1');
    });
    afterAll(() => redis.remove());

    const modules = () => [
      AirlockBullMqModule.forRoot({ connection: redis.url, dispatchTimeoutMs: 2_000 }),
    ];

    it('shows nothing of a job', async () => {
      application = await boot(BullMqExecutor, modules(), told);
      await isKeptBy(application);
      expect(told.all).toContain('OOM');
    });

    it('shows nothing of a job of a queue of the application’s own', async () => {
      const queue = new Queue('own', { connection: { host: '127.0.0.1', port: redis.port } });
      queue.on('error', () => {});
      application = await boot(BullMqExecutor, modules(), told);
      const error = await application.errorOf(async (bank) => bank.queue(queue));
      told.log(error);
      for (const failure of (error as DispatchError).failures) told.log(failure.error);
      expect(told.all).toContain('OOM');
      expect(told.all).not.toContain(SECRET);
      await queue.close();
    });
  });

  describeWithOwn([OwnNats], 'NATS, to which it is too large', () => {
    let nats: OwnNats;
    beforeAll(async () => (nats = await OwnNats.start()));
    afterAll(() => nats.remove());

    it('shows nothing of a message', async () => {
      const client = ClientsModule.register([
        { name: 'BROKER', transport: Transport.NATS, options: { servers: [nats.url] } },
      ]);
      const modules = [
        client,
        AirlockMicroservicesModule.forRoot({
          client: 'BROKER',
          maxPayloadBytes: 5_000_000,
          dispatchTimeoutMs: 1_000,
        }),
      ];
      application = await boot(ClientProxyExecutor, modules, told);
      const large = `${SECRET}${'.'.repeat(2_000_000)}`;
      await isKeptBy(application, (bank) => bank.transfer({ account: large }));
      expect(told.all.length).toBeLessThan(100_000);
    });
  });

  describeWith(postgres, 'PostgreSQL, whose table takes no such rows', () => {
    describe.each(adapters)('in a transaction of %s, with pg-boss %i', (_, version, connect) => {
      it('shows nothing of the row', async () => {
        const database = onPostgres(version);
        const client = await connect();
        try {
          application = await boot(
            PgBossExecutor,
            [AirlockPgBossModule.forRoot({ boss: database.boss() })],
            told,
          );
          await database.query(
            `alter table ${database.schema}.job add constraint picky check (data is null) not valid`,
          );
          await isKeptBy(application, (bank) => client.transaction(() => transfer(bank)));
          expect(told.all).toContain('picky');
          await isKeptBy(application);
          await application.close();
          application = undefined;
        } finally {
          await client.close();
          await database.close();
        }
      }, 60_000);
    });
  });
});
