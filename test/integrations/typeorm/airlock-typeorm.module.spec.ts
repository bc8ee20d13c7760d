import type { INestApplicationContext } from '@nestjs/common';
import { getDataSourceToken, TypeOrmModule } from '@nestjs/typeorm';
import { AirlockService } from 'nestjs-airlock';
import {
  AirlockTypeOrmModule,
  type AirlockTypeOrmOptions,
  type TypeOrmDataSource,
} from 'nestjs-airlock/typeorm';
import { DataSource } from 'typeorm';
import { boot, Effects } from '../../e2e/http/fixtures.js';
import { freshSchema, postgres } from '../../servers.js';
import { errorOf } from '../../unit/core/fixtures.js';
import { describeFramesModule } from '../frames-module.suite.js';
import { Order, ordersIn } from './fixtures.js';

const settings = (url: string) => ({
  type: 'postgres' as const,
  url,
  entities: [Order],
  synchronize: true,
});

describeFramesModule<DataSource>(
  {
    name: 'AirlockTypeOrmModule',
    forRoot: (options) => AirlockTypeOrmModule.forRoot(options),
    named: (token) => ({ dataSources: [token] }),
    notFound: 'TypeORM DataSource',
    expected: 'Expected `dataSource` to be a TypeORM DataSource, got an object (Object).',
    open: async () => {
      const schema = await freshSchema();
      const client = await new DataSource(settings(schema.url)).initialize();
      return { client, close: () => client.destroy().then(() => schema.drop()) };
    },
    items: ordersIn,
    transaction: (dataSource, id, work) =>
      dataSource.transaction(async (manager) => {
        await manager.insert(Order, { id });
        await work();
      }),
  },
  ({ open, clients, outOf }) => {
    /** The same, begun by statements. */
    const outOfStatements = async (
      app: INestApplicationContext,
      dataSource: DataSource,
    ): Promise<readonly string[]> => {
      const effects = app.get(Effects, { strict: false });
      effects.outbox.sent.length = 0;
      await app.get(AirlockService).run(async () => {
        const runner = dataSource.createQueryRunner();
        await runner.startTransaction();
        effects.one('by statements');
        await runner.rollbackTransaction();
        await runner.release();
      });
      return [...effects.outbox.sent];
    };

    it('covers data sources of @nestjs/typeorm, imported before them', async () => {
      const schemas = [await freshSchema(), await freshSchema()];
      const [first, second] = schemas.map(({ url }) => ({ ...settings(url), retryAttempts: 0 }));
      const { app } = await boot({
        imports: [
          AirlockTypeOrmModule.forRoot(),
          TypeOrmModule.forRoot(first),
          TypeOrmModule.forRoot({ ...second, name: 'audit' }),
        ],
      });
      for (const token of [DataSource, getDataSourceToken('audit')]) {
        expect(await outOf(app, app.get<DataSource>(token))).toEqual([]);
        expect(await outOfStatements(app, app.get<DataSource>(token))).toEqual([]);
      }
      await app.close();
      for (const schema of schemas) await schema.drop();
    });

    it('keeps the transactions of concurrent units of work apart, begun by statements', async () => {
      const { app, sent } = await boot({ imports: [clients(), AirlockTypeOrmModule.forRoot()] });
      const [dataSource, effects] = [await open(), app.get(Effects, { strict: false })];
      const place = async (id: string): Promise<void> => {
        const runner = dataSource.createQueryRunner();
        await runner.startTransaction();
        await runner.manager.insert(Order, { id });
        effects.one(id);
        await (id.startsWith('unicorn')
          ? runner.rollbackTransaction()
          : runner.commitTransaction());
        await runner.release();
      };
      const items = ['tea', 'unicorn 1', 'milk', 'unicorn 2', 'bread', 'unicorn 3'];
      await Promise.all(items.map((item) => app.get(AirlockService).run(() => place(item))));
      expect(sent.toSorted()).toEqual(['bread', 'milk', 'tea']);
      expect(await ordersIn(dataSource)).toEqual(['bread', 'milk', 'tea']);
    });

    it('leaves out data sources without transactions', async () => {
      const none: TypeOrmDataSource = new DataSource({ type: 'postgres', url: postgres.url });
      (none.driver as { transactionSupport: string }).transactionSupport = 'none';
      await boot({
        imports: [clients(), AirlockTypeOrmModule.forRoot()],
        providers: [{ provide: 'NONE', useValue: none }],
      });
      const runner = none.createQueryRunner();
      expect(
        Object.hasOwn(none, 'createQueryRunner') || Object.hasOwn(runner, 'startTransaction'),
      ).toBe(false);
      const imports = [AirlockTypeOrmModule.forRoot({ dataSources: ['NONE'] })];
      const error = await errorOf(() =>
        boot({ imports, providers: [{ provide: 'NONE', useValue: none }] }),
      );
      expect(error.message).toContain('has no transactions');
    });

    describe('when no data source is a provider, and they are optional', () => {
      const optional = () => AirlockTypeOrmModule.forRoot({ optional: true });

      it('covers statements of them all the same, made before or after the start', async () => {
        const before = await open();
        const { app } = await boot({ imports: [optional()] });
        for (const dataSource of [before, await open()])
          expect(await outOfStatements(app, dataSource)).toEqual([]);
      });

      it('covers them as long as an application of the process wants it', async () => {
        const [one, other, none] = [
          await boot({ imports: [optional()] }),
          await boot({ imports: [optional()] }),
          await boot({}),
        ];
        const tenant = await open();
        await one.app.close();
        expect(await outOf(none.app, tenant)).toEqual([]);
        await other.app.close();
        expect(await outOf(none.app, tenant)).toEqual(['inside']);
        expect(await outOfStatements(none.app, tenant)).toEqual(['by statements']);
      });
    });

    it('covers those of the named ones that are there, where they are optional', async () => {
      const audit = await open();
      const options: AirlockTypeOrmOptions = { optional: true, dataSources: ['NOWHERE', 'AUDIT'] };
      const providers = [{ provide: 'AUDIT', useValue: audit }];
      const { app } = await boot({ imports: [AirlockTypeOrmModule.forRoot(options)], providers });
      expect(await outOf(app, audit)).toEqual([]);
    });
  },
);
