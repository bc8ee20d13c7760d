import {
  type DynamicModule,
  Inject,
  Injectable,
  type InjectionToken,
  Module,
} from '@nestjs/common';
import { Test, type TestingModuleBuilder } from '@nestjs/testing';
import { MikroORM } from '@mikro-orm/postgresql';
import { drizzle } from 'drizzle-orm/node-postgres';
import { Kysely } from 'kysely';
import { AirlockModule, AirlockOptionsError, EffectBuffer, runInScope } from 'nestjs-airlock';
import { AirlockDrizzleModule, trackDrizzleTransactions } from 'nestjs-airlock/drizzle';
import { AirlockKnexModule } from 'nestjs-airlock/knex';
import { AirlockKyselyModule } from 'nestjs-airlock/kysely';
import { AirlockMikroOrmModule } from 'nestjs-airlock/mikro-orm';
import { AirlockPrismaModule, trackPrismaTransactions } from 'nestjs-airlock/prisma';
import { AirlockSequelizeModule } from 'nestjs-airlock/sequelize';
import { AirlockTypeOrmModule, trackTypeOrmTransactions } from 'nestjs-airlock/typeorm';
import { Sequelize } from 'sequelize';
import { DataSource } from 'typeorm';
import { checkAfterEach, Log } from '../e2e/http/fixtures.js';
import { mockOf } from './mock-of.js';

/** Has what tells a class of Prisma clients. */
class PrismaService {
  readonly user = { create: (): unknown => undefined };
  $connect(): void {}
  $queryRaw(): void {}
  $executeRaw(): void {}
  async $transaction(work: (client: this) => unknown): Promise<unknown> {
    return work(this);
  }
}

const CLIENT = Symbol('CLIENT');

@Injectable()
class Shop {
  readonly told: number[] = [];

  constructor(
    @Inject(EffectBuffer) private readonly effects: EffectBuffer,
    @Inject(CLIENT) readonly client: PrismaService,
  ) {}

  async place(id: number): Promise<void> {
    await this.client.$transaction(async () => {
      this.effects.enqueue(() => void this.told.push(id));
    });
  }
}

/** The application as it runs in production, where it has its database. */
function shopOn(token: InjectionToken, adapter: DynamicModule): TestingModuleBuilder {
  const client = {
    provide: token,
    useFactory: () => {
      throw new Error('There is no server.');
    },
  };
  @Module({
    providers: [client, { provide: CLIENT, useExisting: token }],
    exports: [CLIENT],
  })
  class DatabaseModule {}
  return Test.createTestingModule({
    imports: [AirlockModule.forRoot(), DatabaseModule, adapter],
    providers: [Shop],
  });
}

const runs = jest.fn((work: () => unknown) => work());

const literal = (): object => ({ $transaction: runs });

/** As `jest.mock` of the file of a class has it made. */
function mockedInstance(): object {
  const Mocked = jest.fn();
  const methods = ['$connect', '$queryRaw', '$executeRaw', '$transaction'];
  for (const name of methods) (Mocked.prototype as Record<string, unknown>)[name] = runs;
  return new Mocked() as object;
}

const kinds: [string, () => object][] = [
  ['a literal of mocks', literal],
  ['a literal of literals of mocks', () => ({ user: { create: jest.fn() } })],
  ['an instance of a mocked class', mockedInstance],
  ['a proxy that makes mocks', mockOf],
  ['a mock function', () => jest.fn()],
];

describe.each<[string, InjectionToken, DynamicModule]>([
  ['Prisma client', PrismaService, AirlockPrismaModule.forRoot()],
  ['Prisma client under a token', 'PRISMA', AirlockPrismaModule.forRoot({ token: 'PRISMA' })],
  ['DataSource of TypeORM', DataSource, AirlockTypeOrmModule.forRoot()],
  ['Knex instance', 'KNEX', AirlockKnexModule.forRoot()],
  ['Knex instance under a token', 'KNEX', AirlockKnexModule.forRoot({ token: 'KNEX' })],
  ['Kysely instance', Kysely, AirlockKyselyModule.forRoot()],
  ['Drizzle database', 'DB', AirlockDrizzleModule.forRoot()],
  ['Sequelize instance', Sequelize, AirlockSequelizeModule.forRoot()],
  ['MikroORM instance', MikroORM, AirlockMikroOrmModule.forRoot()],
])('when a test replaces the %s by a mock', (_, token, adapter) => {
  checkAfterEach();

  it.each(kinds)('starts: %s', async (_kind, make) => {
    const mock = make();
    const untouched = make();
    const app = await shopOn(token, adapter)
      .overrideProvider(token)
      .useValue(mock)
      .setLogger(new Log())
      .compile();
    await app.init();
    const { client } = app.get(Shop);
    expect(client).toBe(mock);
    expect(Object.getOwnPropertyNames(mock)).toEqual(Object.getOwnPropertyNames(untouched));
    await app.close();
  });
});

describe('when a test replaces a Prisma client by a mock', () => {
  checkAfterEach();

  const started = async (): Promise<{ shop: Shop; log: Log; close: () => Promise<void> }> => {
    const log = new Log();
    const app = await shopOn(PrismaService, AirlockPrismaModule.forRoot())
      .overrideProvider(PrismaService)
      .useValue(literal())
      .setLogger(log)
      .compile();
    await app.init();
    return { shop: app.get(Shop), log, close: () => app.close() };
  };

  it('leaves the mock as it is, and effects to their scope', async () => {
    const { shop, close } = await started();
    await runInScope(() => shop.place(7));
    await runInScope(async () => {
      await shop.place(8);
      throw new Error('refused');
    }).catch(() => {});
    expect(Object.values(shop.client)).toEqual([runs]);
    expect(runs).toHaveBeenCalledTimes(2);
    expect(shop.told).toEqual([7]);
    await close();
  });

  it('says that it takes no notice of transactions', async () => {
    const { log, close } = await started();
    expect(log.airlock('warn')).toEqual([
      'AirlockPrismaModule found no Prisma client in the application. Since others of its providers are mocks of a test, it starts without: effects know no transaction.',
    ]);
    await close();
  });
});

describe('when a test has put a spy on a client before the start', () => {
  it.each<[string, string, () => object, (client: never) => object]>([
    ['a Prisma client', '$transaction', () => new PrismaService(), trackPrismaTransactions],
    ['a Drizzle database', 'transaction', () => drizzle.mock(), trackDrizzleTransactions],
    [
      'a DataSource of TypeORM',
      'createQueryRunner',
      () => new DataSource({ type: 'better-sqlite3', database: ':memory:' }),
      trackTypeOrmTransactions,
    ],
  ])('may expect calls of the method that is there: %s', (_, method, make, track) => {
    const client = make();
    const there = (): unknown => Reflect.get(client, method);
    jest.spyOn(client, method as never).mockReturnValue(undefined as never);
    track(client as never);
    expect(there()).not.toHaveBeenCalled();
  });
});

describe('when a test takes a database away, and has no mock', () => {
  it('refuses to start, and says how it may', async () => {
    const compiled = await shopOn('KNEX', AirlockKnexModule.forRoot())
      .overrideProvider('KNEX')
      .useValue({})
      .setLogger(new Log())
      .compile();
    const error: unknown = await compiled.init().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(AirlockOptionsError);
    expect(String(error)).toMatch(
      '`optional: true` where an application, or a test of it, may have none',
    );
    // Nest 11 waits for the start, which has failed.
    await compiled.close().catch(() => {});
  });
});
