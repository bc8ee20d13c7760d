import { type INestApplicationContext, Injectable } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  ClsPluginTransactional,
  Propagation,
  Transactional,
  TransactionHost,
} from '@nestjs-cls/transactional';
import { TransactionalAdapterTypeOrm } from '@nestjs-cls/transactional-adapter-typeorm';
import { ClsModule } from 'nestjs-cls';
import { trackClsTransactions } from 'nestjs-airlock/cls-transactional';
import { Pool } from 'pg';
import { DataSource } from 'typeorm';
import { describeWith, freshSchema, postgres } from '../../servers.js';
import { checkAfterEach } from '../../unit/core/fixtures.js';
import { describeDoors } from '../doors.js';
import { PgAdapter } from './fixtures.js';

type Work = () => Promise<void>;

@Injectable()
class Service {
  @Transactional()
  required(work: Work): Promise<void> {
    return work();
  }

  @Transactional(Propagation.RequiresNew)
  apart(work: Work): Promise<void> {
    return work();
  }

  @Transactional('other')
  elsewhere(work: Work): Promise<void> {
    return work();
  }
}

checkAfterEach();

describeWith(postgres, 'the doors to a transaction of @nestjs-cls/transactional', () => {
  let app: INestApplicationContext;
  let service: Service;
  let dataSource: DataSource;
  let close: () => Promise<void>;

  const hostOf = <A extends TransactionalAdapterTypeOrm | PgAdapter>(
    name?: string,
  ): TransactionHost<A> => TransactionHost.getInstance(name) as TransactionHost<A>;
  const shop = () => hostOf<TransactionalAdapterTypeOrm>();
  const other = () => hostOf<PgAdapter>('other');

  beforeAll(async () => {
    const schema = await freshSchema();
    const pool = new Pool({ connectionString: schema.url });
    dataSource = await new DataSource({ type: 'postgres', url: schema.url }).initialize();
    class DatabaseModule {}
    const database = {
      module: DatabaseModule,
      global: true,
      providers: [{ provide: DataSource, useValue: dataSource }],
      exports: [DataSource],
    };
    const plugins = [
      new ClsPluginTransactional({
        adapter: trackClsTransactions(
          new TransactionalAdapterTypeOrm({ dataSourceToken: DataSource }),
        ),
      }),
      new ClsPluginTransactional({
        adapter: trackClsTransactions(new PgAdapter(pool)),
        connectionName: 'other',
      }),
      new ClsPluginTransactional({ adapter: new PgAdapter(pool), connectionName: 'plain' }),
    ];
    class AppModule {}
    const imports = [database, ClsModule.forRoot({ plugins })];
    app = await NestFactory.createApplicationContext(
      { module: AppModule, imports, providers: [Service] },
      { logger: false },
    );
    service = app.get(Service);
    close = async () => {
      await app.close();
      await dataSource.destroy();
      await pool.end();
      await schema.drop();
    };
  });
  afterAll(() => close());

  describeDoors({
    byCallback: {
      '@Transactional()': (work) => service.required(work),
      '@Transactional(Propagation.RequiresNew) in a transaction': (work) =>
        service.required(() => service.apart(work)),
      '@Transactional() of a named connection': (work) => service.elsewhere(work),
      'txHost.withTransaction': (work) => shop().withTransaction(work),
      'txHost.withTransaction of a client that Airlock does not know': (work) =>
        other().withTransaction(work),
      'TransactionHost.getInstance(name).withTransaction': (work) =>
        hostOf('other').withTransaction(work),
      'REQUIRED in a transaction': (work) =>
        shop().withTransaction(() => shop().withTransaction(Propagation.Required, work)),
      'SUPPORTS in a transaction': (work) =>
        shop().withTransaction(() => shop().withTransaction(Propagation.Supports, work)),
      'MANDATORY in a transaction': (work) =>
        shop().withTransaction(() => shop().withTransaction(Propagation.Mandatory, work)),
      'NESTED in a transaction': (work) =>
        shop().withTransaction(() => shop().withTransaction(Propagation.Nested, work)),
      'NESTED of a client that Airlock does not know': (work) =>
        other().withTransaction(() => other().withTransaction(Propagation.Nested, work)),
      'a transaction of another connection in one of this': (work) =>
        shop().withTransaction(() => other().withTransaction(work)),
      'txHost.tx.transaction': (work) => shop().tx.transaction(work),
      'txHost.tx.transaction in a transaction': (work) =>
        shop().withTransaction(() => shop().tx.transaction(work)),
      'the client itself': (work) => dataSource.transaction(work),
    },
    notCovered: {
      'an adapter that was not given to trackClsTransactions': (work) =>
        hostOf('plain').withTransaction(work),
      'NOT_SUPPORTED in a transaction': (work) =>
        shop().withTransaction(() => shop().withTransaction(Propagation.NotSupported, work)),
      'withoutTransaction in a transaction': (work) =>
        shop().withTransaction(() => shop().withoutTransaction(work)),
    },
  });
});
