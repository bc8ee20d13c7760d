import { Controller, Inject, Injectable, Module, Param, Post } from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import { getDataSourceToken, TypeOrmModule } from '@nestjs/typeorm';
import {
  ClsPluginTransactional,
  InjectTransactionHost,
  Propagation,
  Transactional,
  TransactionHost,
} from '@nestjs-cls/transactional';
import { TransactionalAdapterDrizzleOrm } from '@nestjs-cls/transactional-adapter-drizzle-orm';
import { TransactionalAdapterTypeOrm } from '@nestjs-cls/transactional-adapter-typeorm';
import { drizzle, type NodePgDatabase } from 'drizzle-orm/node-postgres';
import { pgTable, text } from 'drizzle-orm/pg-core';
import { trackClsTransactions } from 'nestjs-airlock/cls-transactional';
import { AirlockTypeOrmModule } from 'nestjs-airlock/typeorm';
import { ClsModule } from 'nestjs-cls';
import { Pool } from 'pg';
import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';
import { checkAfterEach, Effects, listen } from '../../e2e/http/fixtures.js';
import { describeWith, freshSchema, postgres } from '../../servers.js';

@Entity()
class Placed {
  @PrimaryGeneratedColumn()
  id!: number;

  @Column('text')
  item!: string;
}

const tried = pgTable('tried', { item: text().notNull() });
const AUDIT = Symbol('AUDIT');
type Audit = TransactionalAdapterDrizzleOrm<NodePgDatabase>;

@Injectable()
class AuditService {
  constructor(
    @InjectTransactionHost('audit') private readonly audit: TransactionHost<Audit>,
    @Inject(Effects) private readonly effects: Effects,
  ) {}

  @Transactional('audit')
  async write(item: string): Promise<void> {
    await this.audit.tx.insert(tried).values({ item });
    this.effects.one('audit');
  }
}

@Injectable()
class OrdersService {
  constructor(
    @Inject(TransactionHost) private readonly shop: TransactionHost<TransactionalAdapterTypeOrm>,
    @Inject(AuditService) private readonly audit: AuditService,
    @Inject(Effects) private readonly effects: Effects,
  ) {}

  @Transactional()
  async place(item: string): Promise<void> {
    await this.insert(item);
    this.effects.one('mail');
    await this.audit.write(item);
    await this.wrap(item).catch(() => {});
    if (item === 'unicorn') throw new Error('no stock');
  }

  @Transactional(Propagation.Nested)
  async wrap(item: string): Promise<void> {
    await this.insert(`paper for ${item}`);
    this.effects.one('ribbon');
    throw new Error('no paper');
  }

  @Transactional(Propagation.NotSupported)
  async count(): Promise<number> {
    this.effects.one('counted');
    return this.shop.tx.getRepository(Placed).count();
  }

  private async insert(item: string): Promise<void> {
    await this.shop.tx.getRepository(Placed).insert({ item });
  }
}

@Controller('orders')
class OrdersController {
  constructor(
    @Inject(OrdersService) private readonly orders: OrdersService,
    @Inject(Effects) private readonly effects: Effects,
  ) {}

  @Post(':item')
  async place(@Param('item') item: string): Promise<string> {
    this.effects.one('received');
    await this.orders.place(item).catch(() => {});
    return `${await this.orders.count()} placed`;
  }
}

checkAfterEach();

describeWith(postgres, 'an application with cls-transactional', () => {
  let schema: Awaited<ReturnType<typeof freshSchema>>;
  let pool: Pool;

  beforeEach(async () => {
    schema = await freshSchema();
    pool = new Pool({ connectionString: schema.url });
  });
  afterEach(async () => {
    await pool.end();
    await schema.drop();
  });

  describe.each([
    ['the adapters alone', []],
    ['the data source itself, too', [AirlockTypeOrmModule.forRoot()]],
  ])('when transactions are tracked by %s', (_name, imports) => {
    it('gives the effects of each method the fate of its own transaction', async () => {
      await pool.query('create table tried (item text not null)');

      @Module({
        providers: [{ provide: AUDIT, useFactory: () => drizzle(pool) }],
        exports: [AUDIT],
      })
      class AuditModule {}
      const { request, fate } = await listen(() => new ExpressAdapter(), {
        imports: [
          ...imports,
          TypeOrmModule.forRoot({
            type: 'postgres',
            url: schema.url,
            entities: [Placed],
            synchronize: true,
          }),
          ClsModule.forRoot({
            global: true,
            middleware: { mount: true },
            plugins: [
              new ClsPluginTransactional({
                adapter: trackClsTransactions(
                  new TransactionalAdapterTypeOrm({ dataSourceToken: getDataSourceToken() }),
                ),
              }),
              new ClsPluginTransactional({
                connectionName: 'audit',
                imports: [AuditModule],
                adapter: trackClsTransactions(
                  new TransactionalAdapterDrizzleOrm({ drizzleInstanceToken: AUDIT }),
                ),
              }),
            ],
          }),
        ],
        controllers: [OrdersController],
        providers: [OrdersService, AuditService],
      });

      expect(await request('/orders/tea', { method: 'POST' })).toMatchObject({
        status: 201,
        body: '1 placed',
      });
      expect(await fate()).toEqual({
        out: ['received', 'mail', 'audit', 'counted'],
        dropped: ['ribbon'],
      });

      expect(await request('/orders/unicorn', { method: 'POST' })).toMatchObject({
        status: 201,
        body: '1 placed',
      });
      expect(await fate()).toEqual({
        out: ['received', 'mail', 'audit', 'counted', 'received', 'audit', 'counted'],
        dropped: ['ribbon', 'ribbon', 'mail'],
      });

      const { rows } = await pool.query('select item from tried order by item');
      expect(rows).toEqual([{ item: 'tea' }, { item: 'unicorn' }]);
    });
  });
});
