import { Injectable, type ModuleMetadata, type OnModuleInit } from '@nestjs/common';
import { ClsPluginTransactional, type TransactionalAdapter } from '@nestjs-cls/transactional';
import { knex } from 'knex';
import { ClsModule } from 'nestjs-cls';
import { keepFrames, openFrame } from 'nestjs-airlock';
import { keepClsFrames } from 'nestjs-airlock/cls-transactional';
import { keepKnexFrames } from 'nestjs-airlock/knex';
import { keepSequelizeFrames } from 'nestjs-airlock/sequelize';
import { AirlockTypeOrmModule, keepTypeOrmFrames } from 'nestjs-airlock/typeorm';
import { Sequelize } from 'sequelize';
import { DataSource } from 'typeorm';
import { boot, checkAfterEach } from '../e2e/http/fixtures.js';

checkAfterEach();

const warningsOf = async (parts: ModuleMetadata): Promise<readonly string[]> =>
  (await boot(parts)).log
    .airlock('warn')
    .map((line) => /^`.*?` keeps no frames, although `.*?`/.exec(line)?.[0] ?? line);

// None of them ever connects.
const dataSource = () => new DataSource({ type: 'postgres' });
const instance = () => knex({ client: 'pg' });
const sequelize = () => new Sequelize('postgres:');
const client = (provide: string, useValue: object) => ({ provide, useValue });
const shop = client('SHOP', keepTypeOrmFrames(dataSource()));

@Injectable()
class Reports {
  readonly knex = instance();
  readonly dataSource = dataSource();
}

const adapter = (connectionToken: string): TransactionalAdapter<object, object, object> => ({
  connectionToken,
  optionsFactory: () => ({
    wrapWithTransaction: async (_, fn, set) => (set({}), fn()),
    getFallbackInstance: () => ({}),
  }),
});

describe('when a client keeps no frames beside one of its kind that does', () => {
  it.each<[string, ModuleMetadata, string]>([
    ['a data source', { providers: [shop, client('AUDIT', dataSource())] }, '`AUDIT` keeps no frames, although `SHOP`'],
    [
      'a Knex instance',
      { providers: [client('SHOP', keepKnexFrames(instance())), client('AUDIT', instance())] },
      '`AUDIT` keeps no frames, although `SHOP`',
    ],
    [
      'one that a provider holds in a property',
      { providers: [client('SHOP', keepKnexFrames(instance())), Reports] },
      '`Reports.knex` keeps no frames, although `SHOP`',
    ],
    [
      'a data source that the module was not told of',
      {
        imports: [AirlockTypeOrmModule.forRoot({ dataSources: ['SHOP'] })],
        providers: [client('SHOP', dataSource()), Reports],
      },
      '`Reports.dataSource` keeps no frames, although `SHOP`',
    ],
  ])('is named at boot: %s', async (_name, parts, warning) => {
    expect(await warningsOf(parts)).toEqual([warning]);
  });

  it('is named at boot: a connection of @nestjs-cls/transactional', async () => {
    const providers = [client('SHOP', {}), client('AUDIT', {})];
    const clients = { module: class ClientsModule {}, global: true, providers, exports: ['SHOP', 'AUDIT'] };
    const plugins = [
      new ClsPluginTransactional({ adapter: keepClsFrames(adapter('SHOP')) }),
      new ClsPluginTransactional({ adapter: adapter('AUDIT'), connectionName: 'audit' }),
    ];
    const warnings = await warningsOf({ imports: [clients, ClsModule.forRoot({ plugins })] });
    expect(warnings).toEqual([expect.stringMatching(/audit.*` keeps no frames, although `TransactionHost`/i)]);
  });
});

describe('when there is nothing to be told of', () => {
  const mongo = dataSource();
  (mongo.driver as { transactionSupport: string }).transactionSupport = 'none';

  @Injectable()
  class Tools {
    readonly run = (): void => {};
    readonly kept = keepFrames(
      async <T>(callback: (tx: object) => Promise<T>) => callback({}),
      () => openFrame(),
    );
    readonly settings = { transaction: () => {} };
  }

  class Store {
    constructor(readonly backend: object) {}
  }

  @Injectable()
  class LateReports implements OnModuleInit {
    dataSource: DataSource | undefined;
    onModuleInit(): void {
      this.dataSource = dataSource();
    }
  }

  it.each<[string, ModuleMetadata]>([
    ['no client keeps frames', { providers: [client('SHOP', dataSource()), client('AUDIT', instance())] }],
    ['all of them do', { providers: [shop, client('AUDIT', keepTypeOrmFrames(dataSource()))] }],
    [
      'one of two services of a class holds one that does',
      { providers: [client('ROWS', new Store(keepSequelizeFrames(sequelize()))), client('FILES', new Store({}))] },
    ],
    ['one is provided twice', { providers: [shop, { provide: 'ALIAS', useExisting: 'SHOP' }] }],
    ['the other has no transactions', { providers: [shop, client('DOCUMENTS', mongo)] }],
    ['they are of different kinds', { providers: [shop, client('OTHER', instance()), Tools] }],
    [
      'their class does',
      { providers: [client('SHOP', keepSequelizeFrames(sequelize())), client('AUDIT', sequelize())] },
    ],
    [
      'a module covers them all',
      { imports: [AirlockTypeOrmModule.forRoot()], providers: [client('SHOP', dataSource()), Reports, LateReports] },
    ],
  ])('says nothing at boot: %s', async (_name, parts) => {
    expect(await warningsOf(parts)).toEqual([]);
  });
});
