import {
  Controller,
  type INestApplicationContext,
  Inject,
  Injectable,
  type OnModuleInit,
  Param,
  Post,
  Scope,
} from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import { getDataSourceToken, getRepositoryToken, TypeOrmModule } from '@nestjs/typeorm';
import { AirlockOptionsError, AirlockService, type Executor } from 'nestjs-airlock';
import { AirlockTypeOrmModule, type AirlockTypeOrmOptions, type TypeOrmDataSource } from 'nestjs-airlock/typeorm';
import { DataSource, type Repository } from 'typeorm';
import { boot, checkAfterEach, Effects, listen } from '../../e2e/http/fixtures.js';
import { describeWith, freshSchema, postgres } from '../../servers.js';
import { errorOf } from '../../unit/core/fixtures.js';
import { Order, ordersIn } from './fixtures.js';

@Controller('orders')
class OrdersController {
  constructor(
    @Inject(DataSource) private readonly shop: DataSource,
    @Inject(getDataSourceToken('audit')) private readonly audit: DataSource,
    @Inject(getRepositoryToken(Order)) private readonly orders: Repository<Order>,
    @Inject(Effects) private readonly effects: Effects,
  ) {}

  @Post(':item')
  async place(@Param('item') id: string): Promise<string> {
    this.effects.one('received');
    try {
      await this.orders.manager.transaction(async (manager) => {
        await manager.getRepository(Order).insert({ id });
        this.effects.one('mail');
        await this.audit.transaction(async (log) => {
          await log.insert(Order, { id: `tried ${id}` });
          this.effects.one('audit');
        });
        if (id === 'unicorn') throw new Error('no stock');
      });
      return 'placed';
    } catch {
      return 'put on the waiting list';
    }
  }

  @Post(':item/by-statements')
  async placeByStatements(@Param('item') id: string): Promise<string> {
    const runner = this.shop.createQueryRunner();
    await runner.startTransaction();
    try {
      await runner.manager.insert(Order, { id });
      this.effects.one('mail');
      if (id === 'unicorn') throw new Error('no stock');
      await runner.commitTransaction();
      return 'placed';
    } catch {
      await runner.rollbackTransaction();
      return 'put on the waiting list';
    } finally {
      await runner.release();
    }
  }
}

checkAfterEach();

describeWith(postgres, 'AirlockTypeOrmModule', () => {
  let schemas: Awaited<ReturnType<typeof freshSchema>>[];

  beforeEach(async () => {
    schemas = [await freshSchema(), await freshSchema()];
  });
  afterEach(async () => {
    for (const schema of schemas) await schema.drop();
  });

  const database = (index: number, name?: string) =>
    TypeOrmModule.forRoot({
      type: 'postgres',
      url: schemas[index]!.url,
      entities: [Order],
      synchronize: true,
      retryAttempts: 0,
      ...(name === undefined ? {} : { name }),
    });
  const databases = () => [database(0), database(1, 'audit'), TypeOrmModule.forFeature([Order])];

  describe('when it is imported without options', () => {
    it.each(['before', 'after'])('covers every data source, imported %s them', async (place) => {
      const kept = AirlockTypeOrmModule.forRoot();
      const { app, request, fate } = await listen(() => new ExpressAdapter(), {
        imports: place === 'before' ? [kept, ...databases()] : [...databases(), kept],
        controllers: [OrdersController],
      });

      expect(await request('/orders/tea', { method: 'POST' })).toMatchObject({ status: 201, body: 'placed' });
      expect(await fate()).toEqual({ out: ['received', 'mail', 'audit'], dropped: [] });

      const answer = await request('/orders/unicorn', { method: 'POST' });
      expect(answer).toMatchObject({ status: 201, body: 'put on the waiting list' });
      expect(await fate()).toEqual({ out: ['received', 'mail', 'audit', 'received', 'audit'], dropped: ['mail'] });

      expect(await ordersIn(app.get(DataSource))).toEqual(['tea']);
      expect(await ordersIn(app.get(getDataSourceToken('audit')))).toEqual(['tried tea', 'tried unicorn']);
    });

    it('keeps the transactions of concurrent requests apart, begun by statements', async () => {
      const { app, request, fate } = await listen(() => new ExpressAdapter(), {
        imports: [...databases(), AirlockTypeOrmModule.forRoot()],
        controllers: [OrdersController],
      });
      const items = ['tea', 'unicorn', 'milk', 'unicorn', 'bread', 'unicorn'];
      await Promise.all(items.map((item) => request(`/orders/${item}/by-statements`, { method: 'POST' })));
      expect(await fate()).toEqual({ out: ['mail', 'mail', 'mail'], dropped: ['mail', 'mail', 'mail'] });
      expect(await ordersIn(app.get(DataSource))).toEqual(['bread', 'milk', 'tea']);
    });

    it('covers what a provider does while the application starts', async () => {
      @Injectable()
      class Seeder implements OnModuleInit {
        constructor(
          @Inject(AirlockService) private readonly airlock: AirlockService,
          @Inject(DataSource) private readonly dataSource: DataSource,
          @Inject(Effects) private readonly effects: Effects,
        ) {}

        async onModuleInit(): Promise<void> {
          await this.airlock.run(() =>
            this.dataSource
              .transaction(async () => {
                this.effects.one('seeded');
                throw new Error('refused');
              })
              .catch(() => {}),
          );
        }
      }
      const { sent } = await boot({ imports: [database(0), AirlockTypeOrmModule.forRoot()], providers: [Seeder] });
      expect(sent).toEqual([]);
    });

    it('leaves out data sources without transactions', async () => {
      const none: TypeOrmDataSource = new DataSource({ type: 'postgres', url: postgres.url });
      (none.driver as { transactionSupport: string }).transactionSupport = 'none';
      const providers = [{ provide: 'NONE', useValue: none }];
      await boot({ imports: [database(0), AirlockTypeOrmModule.forRoot()], providers });
      const runner = none.createQueryRunner();
      expect(Object.hasOwn(none, 'createQueryRunner') || Object.hasOwn(runner, 'startTransaction')).toBe(false);
    });

    it('refuses to start without a data source, and names the option that allows it', async () => {
      const error = await errorOf(() => boot({ imports: [AirlockTypeOrmModule.forRoot()] }));
      expect(error).toBeInstanceOf(AirlockOptionsError);
      expect(error.message).toContain('AirlockTypeOrmModule found no TypeORM DataSource');
      expect(error.message).toContain('`optional: true`');
    });
  });

  describe('when a data source is no provider', () => {
    const tenants = async (): Promise<DataSource> =>
      new DataSource({ type: 'postgres', url: schemas[1]!.url, entities: [Order], synchronize: true }).initialize();

    /** Runs a transaction that fails, by a callback and by statements. @returns what got out of it */
    const outOf = async (app: INestApplicationContext, dataSource: DataSource): Promise<readonly string[]> => {
      const effects = app.get(Effects, { strict: false });
      const { sent } = effects.outbox;
      sent.length = 0;
      await app.get(AirlockService).run(async () => {
        await errorOf(() =>
          dataSource.transaction(async () => {
            effects.one('by a callback');
            throw new Error('no stock');
          }),
        );
        const runner = dataSource.createQueryRunner();
        await runner.startTransaction();
        effects.one('by statements');
        await runner.rollbackTransaction();
        await runner.release();
      });
      return [...sent];
    };
    const NO_FRAMES = ['by a callback', 'by statements'];

    it.each<[string, AirlockTypeOrmOptions, boolean]>([
      ['beside one that is', {}, true],
      ['where none is', { optional: true }, false],
    ])('is covered all the same, made before or after the start, %s', async (_name, options, hasProvider) => {
      const before = await tenants();
      const imports = [...(hasProvider ? [database(0)] : []), AirlockTypeOrmModule.forRoot(options)];
      const { app } = await boot({ imports });
      const after = await tenants();
      for (const dataSource of [before, after]) {
        expect(await outOf(app, dataSource)).toEqual([]);
        await dataSource.destroy();
      }
    });

    it('is left alone where data sources are named', async () => {
      const imports = [database(0), AirlockTypeOrmModule.forRoot({ dataSources: [DataSource] })];
      const { app } = await boot({ imports });
      const tenant = await tenants();
      expect(await outOf(app, tenant)).toEqual(NO_FRAMES);
      await tenant.destroy();
    });

    it('is covered as long as an application of the process wants it', async () => {
      const start = () => boot({ imports: [AirlockTypeOrmModule.forRoot({ optional: true })] });
      const [one, other, none] = [await start(), await start(), await boot({})];
      const tenant = await tenants();
      await one.app.close();
      expect(await outOf(none.app, tenant)).toEqual([]);
      await other.app.close();
      expect(await outOf(none.app, tenant)).toEqual(NO_FRAMES);
      await tenant.destroy();
    });

    it('gives a transactional executor nothing to be warned of', async () => {
      const executor: Executor = { transactional: true, execute() {} };
      const { log } = await boot({ imports: [AirlockTypeOrmModule.forRoot({ optional: true })] }, { executor });
      expect(log.airlock('warn')).toEqual([]);
    });
  });

  describe('when data sources are optional', () => {
    it.each<[string, AirlockTypeOrmOptions]>([
      ['any', { optional: true }],
      ['the one that is named', { optional: true, dataSources: ['NOWHERE'] }],
    ])('starts without %s', async (_name, options) => {
      const { app, sent } = await boot({ imports: [AirlockTypeOrmModule.forRoot(options)] });
      await app.get(AirlockService).run(() => app.get(Effects, { strict: false }).one('mail'));
      expect(sent).toEqual(['mail']);
    });

    it.each<[string, AirlockTypeOrmOptions]>([
      ['all', { optional: true }],
      ['the named ones', { optional: true, dataSources: ['NOWHERE', getDataSourceToken('audit')] }],
    ])('covers %s that are there', async (_name, options) => {
      const { request, fate } = await listen(() => new ExpressAdapter(), {
        imports: [...databases(), AirlockTypeOrmModule.forRoot(options)],
        controllers: [OrdersController],
      });
      await request('/orders/unicorn', { method: 'POST' });
      const { dropped } = await fate();
      expect(dropped).toEqual(options.dataSources === undefined ? ['mail'] : []);
    });

    it('refuses a token of something else as ever', async () => {
      const imports = [AirlockTypeOrmModule.forRoot({ optional: true, dataSources: ['IT'] })];
      const error = await errorOf(() => boot({ imports, providers: [{ provide: 'IT', useValue: {} }] }));
      expect(error.message).toContain('Expected `dataSource` to be a TypeORM DataSource');
    });
  });

  describe('when data sources are named by their tokens', () => {
    it('covers those and no others', async () => {
      const { app, request, fate } = await listen(() => new ExpressAdapter(), {
        imports: [...databases(), AirlockTypeOrmModule.forRoot({ dataSources: [getDataSourceToken('audit')] })],
        controllers: [OrdersController],
      });
      await request('/orders/unicorn', { method: 'POST' });
      expect(await fate()).toEqual({ out: ['received', 'mail', 'audit'], dropped: [] });
      expect(await ordersIn(app.get(DataSource))).toEqual([]);
    });

    it.each<[string, object]>([
      ['that nobody provides', {}],
      [
        'of something request-scoped',
        { providers: [{ provide: 'NOWHERE', scope: Scope.REQUEST, useFactory: () => 0 }] },
      ],
    ])('refuses to start with a token %s, and names it', async (_name, metadata) => {
      const imports = [AirlockTypeOrmModule.forRoot({ dataSources: ['NOWHERE'] })];
      const error = await errorOf(() => boot({ ...metadata, imports }));
      expect(error).toBeInstanceOf(AirlockOptionsError);
      expect(error.message).toContain('AirlockTypeOrmModule found no provider `NOWHERE`');
    });

    it.each<[string, unknown, string]>([
      ['something else', {}, 'Expected `dataSource` to be a TypeORM DataSource, got an object (Object).'],
      [
        'a data source without transactions',
        { createQueryRunner() {}, driver: { transactionSupport: 'none' } },
        'has no transactions',
      ],
    ])('refuses to start with the token of %s', async (_name, useValue, text) => {
      const imports = [AirlockTypeOrmModule.forRoot({ dataSources: ['IT'] })];
      const error = await errorOf(() => boot({ imports, providers: [{ provide: 'IT', useValue }] }));
      expect(error).toBeInstanceOf(AirlockOptionsError);
      expect(error.message).toContain(text);
    });
  });
});
