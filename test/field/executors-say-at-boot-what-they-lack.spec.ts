import { Injectable, type ModuleMetadata } from '@nestjs/common';
import { ClsPluginTransactional, TransactionalAdapter } from '@nestjs-cls/transactional';
import { knex } from 'knex';
import { ClsModule } from 'nestjs-cls';
import { randomUUID } from 'node:crypto';
import {
  AirlockService,
  EffectBuffer,
  type Executor,
  trackTransactions,
  openFrame,
  SideEffect,
} from 'nestjs-airlock';
import {
  AirlockBullMqModule,
  type AirlockBullMqOptions,
  BullMqExecutor,
} from 'nestjs-airlock/bullmq';
import { trackClsTransactions } from 'nestjs-airlock/cls-transactional';
import { trackKnexTransactions } from 'nestjs-airlock/knex';
import { trackSequelizeTransactions } from 'nestjs-airlock/sequelize';
import { Sequelize } from 'sequelize';
import { boot, checkAfterEach } from '../e2e/http/fixtures.js';
import { redis } from '../servers.js';

checkAfterEach();

/** Writes through the caller's transaction, as pg-boss does. */
class AtomicExecutor implements Executor {
  readonly transactional = true;
  execute(): void {}
}

const warningsOf = async (parts: ModuleMetadata, executor?: Executor): Promise<readonly string[]> =>
  (await boot(parts, executor && { executor, executors: { same: executor } })).log.airlock('warn');

describe('when an executor writes through transactions', () => {
  it('is named at boot where nothing tells of any, once', async () => {
    expect(await warningsOf({}, new AtomicExecutor())).toEqual([
      expect.stringContaining(
        'AtomicExecutor writes effects through the transaction that they are called in, but no client',
      ),
    ]);
  });

  const client = () => trackKnexTransactions(knex({ client: 'pg' }));
  @Injectable()
  class Database {
    readonly knex = client();
  }
  @Injectable()
  class Transactions {
    readonly run = trackTransactions(
      async <T>(callback: (tx: object) => Promise<T>) => callback({}),
      () => openFrame(),
    );
  }
  const adapter: TransactionalAdapter<object, object, object> = {
    connectionToken: 'DB',
    optionsFactory: () => ({
      wrapWithTransaction: async (_, fn, set) => (set({}), fn()),
      getFallbackInstance: () => ({}),
    }),
  };
  const plugins = [new ClsPluginTransactional({ adapter: trackClsTransactions(adapter) })];
  const DB = { provide: 'DB', useValue: {} };
  const cls = { module: class DbModule {}, global: true, providers: [DB], exports: [DB] };

  it.each<[string, ModuleMetadata]>([
    ['a client that is a provider', { providers: [{ provide: 'KNEX', useFactory: client }] }],
    ['a client in a property', { providers: [Database] }],
    [
      'a class of clients',
      {
        providers: [
          {
            provide: 'SQL',
            useFactory: () => trackSequelizeTransactions(new Sequelize('postgres:')),
          },
        ],
      },
    ],
    ['an adapter of your own', { providers: [Transactions] }],
    ['@nestjs-cls/transactional', { imports: [cls, ClsModule.forRoot({ plugins })] }],
  ])('is not where transactions are tracked by %s', async (_, parts) => {
    expect(await warningsOf(parts, new AtomicExecutor())).toEqual([]);
  });

  it('is not where no executor writes through them', async () => {
    expect(await warningsOf({}, { execute: () => {} })).toEqual([]);
  });
});

describe('when an effect stays in this process under an executor that leaves it', () => {
  function notifyWarehouse(): void {}

  @Injectable()
  class Mails {
    @SideEffect()
    async send(): Promise<void> {}
    async archive(): Promise<void> {}
  }

  async function called(options: Partial<AirlockBullMqOptions>): Promise<readonly string[]> {
    const queue = `names-${randomUUID()}`;
    const bullmq = AirlockBullMqModule.forRoot({
      connection: { url: redis.url },
      queue,
      worker: true,
      ...options,
    });
    const { app, fate, log } = await boot(
      { imports: [bullmq], providers: [Mails] },
      { executor: BullMqExecutor },
    );
    await app.get(AirlockService).run(async () => {
      for (let i = 0; i < 3; i++) {
        await app.get(Mails).send();
        app.get(EffectBuffer).enqueue(notifyWarehouse);
        app.get(EffectBuffer).defer(app.get(Mails)).archive();
      }
    });
    await fate();
    return log.airlock('warn');
  }

  it('is named at its first call, once', async () => {
    const warnings = await called({});
    expect(
      warnings.map((line) => /^`(.*?)` is not a `@SideEffect\(\)` method.*BullMQ/.exec(line)?.[1]),
    ).toEqual(['notifyWarehouse', 'Mails.archive']);
  });

  it("is not where that was said to be meant: plainFunctions: 'in-process'", async () => {
    expect(await called({ plainFunctions: 'in-process' })).toEqual([]);
  });
});
