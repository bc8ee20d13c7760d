import { Injectable, type ModuleMetadata, type OnModuleInit } from '@nestjs/common';
import { ClsPluginTransactional, type TransactionalAdapter } from '@nestjs-cls/transactional';
import { knex } from 'knex';
import { ClsModule } from 'nestjs-cls';
import { trackTransactions, openFrame } from 'nestjs-airlock';
import { trackClsTransactions } from 'nestjs-airlock/cls-transactional';
import { trackKnexTransactions } from 'nestjs-airlock/knex';
import { trackSequelizeTransactions } from 'nestjs-airlock/sequelize';
import { AirlockTypeOrmModule, trackTypeOrmTransactions } from 'nestjs-airlock/typeorm';
import { Sequelize } from 'sequelize';
import { DataSource } from 'typeorm';
import { boot, checkAfterEach } from '../e2e/http/fixtures.js';

checkAfterEach();

const warningsOf = async (parts: ModuleMetadata): Promise<readonly string[]> =>
  (await boot(parts)).log
    .airlock('warn')
    .map((line) => /^`.*?` tracks no transactions, although `.*?`/.exec(line)?.[0] ?? line);

// None of them ever connects.
const dataSource = () => new DataSource({ type: 'postgres' });
const instance = () => knex({ client: 'pg' });
const sequelize = () => new Sequelize('postgres:');
const client = (provide: string, useValue: object) => ({ provide, useValue });
const shop = client('SHOP', trackTypeOrmTransactions(dataSource()));

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

describe('when a client tracks no transactions beside one of its kind that does', () => {
  it.each<[string, ModuleMetadata, string]>([
    [
      'a data source',
      { providers: [shop, client('AUDIT', dataSource())] },
      '`AUDIT` tracks no transactions, although `SHOP`',
    ],
    [
      'a Knex instance',
      {
        providers: [client('SHOP', trackKnexTransactions(instance())), client('AUDIT', instance())],
      },
      '`AUDIT` tracks no transactions, although `SHOP`',
    ],
    [
      'one that a provider holds in a property',
      { providers: [client('SHOP', trackKnexTransactions(instance())), Reports] },
      '`Reports.knex` tracks no transactions, although `SHOP`',
    ],
    [
      'a data source that the module was not told of',
      {
        imports: [AirlockTypeOrmModule.forRoot({ dataSources: ['SHOP'] })],
        providers: [client('SHOP', dataSource()), Reports],
      },
      '`Reports.dataSource` tracks no transactions, although `SHOP`',
    ],
  ])('is named at boot: %s', async (_name, parts, warning) => {
    expect(await warningsOf(parts)).toEqual([warning]);
  });

  it('is named at boot: a connection of @nestjs-cls/transactional', async () => {
    const providers = [client('SHOP', {}), client('AUDIT', {})];
    const clients = {
      module: class ClientsModule {},
      global: true,
      providers,
      exports: ['SHOP', 'AUDIT'],
    };
    const plugins = [
      new ClsPluginTransactional({ adapter: trackClsTransactions(adapter('SHOP')) }),
      new ClsPluginTransactional({ adapter: adapter('AUDIT'), connectionName: 'audit' }),
    ];
    const warnings = await warningsOf({ imports: [clients, ClsModule.forRoot({ plugins })] });
    expect(warnings).toEqual([
      expect.stringMatching(/audit.*` tracks no transactions, although `TransactionHost`/i),
    ]);
  });
});

describe('when there is nothing to be told of', () => {
  const mongo = dataSource();
  (mongo.driver as { transactionSupport: string }).transactionSupport = 'none';

  @Injectable()
  class Tools {
    readonly run = (): void => {};
    readonly kept = trackTransactions(
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
    [
      'no client tracks transactions',
      { providers: [client('SHOP', dataSource()), client('AUDIT', instance())] },
    ],
    [
      'all of them do',
      { providers: [shop, client('AUDIT', trackTypeOrmTransactions(dataSource()))] },
    ],
    [
      'one of two services of a class holds one that does',
      {
        providers: [
          client('ROWS', new Store(trackSequelizeTransactions(sequelize()))),
          client('FILES', new Store({})),
        ],
      },
    ],
    ['one is provided twice', { providers: [shop, { provide: 'ALIAS', useExisting: 'SHOP' }] }],
    ['the other has no transactions', { providers: [shop, client('DOCUMENTS', mongo)] }],
    ['they are of different kinds', { providers: [shop, client('OTHER', instance()), Tools] }],
    [
      'their class does',
      {
        providers: [
          client('SHOP', trackSequelizeTransactions(sequelize())),
          client('AUDIT', sequelize()),
        ],
      },
    ],
    [
      'a module covers them all',
      {
        imports: [AirlockTypeOrmModule.forRoot()],
        providers: [client('SHOP', dataSource()), Reports, LateReports],
      },
    ],
  ])('says nothing at boot: %s', async (_name, parts) => {
    expect(await warningsOf(parts)).toEqual([]);
  });
});
