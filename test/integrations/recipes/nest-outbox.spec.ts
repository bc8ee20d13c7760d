// `@nestjs/outbox` itself is not installed here: its part is played by the interface it publishes,
// which writes to a table through the `tx` it is given. The executor is that of the page.
import { enqueueWith, type Executor, runInScope } from 'nestjs-airlock';
import { trackTypeOrmTransactions } from 'nestjs-airlock/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { describeWith, freshSchema, postgres } from '../../servers.js';
import { checkAfterEach, errorOf } from '../../unit/core/fixtures.js';
import { recipe } from './recipe.js';

checkAfterEach();

type Outbox = {
  add(tx: EntityManager, messages: readonly { topic: string; payload: unknown }[]): unknown;
};
type ExecutorOfPage = new (
  outbox: Outbox,
  begin: (work: (tx: EntityManager) => Promise<void>) => Promise<void>,
) => Executor;

describeWith(postgres, 'the recipe for `@nestjs/outbox`', () => {
  let schema: Awaited<ReturnType<typeof freshSchema>>;
  let dataSource: DataSource;
  let executor: Executor;
  let isFull = false;

  const outbox: Outbox = {
    async add(tx, messages) {
      if (isFull) throw new Error('the outbox is full');
      for (const { topic, payload } of messages) {
        await tx.query('insert into messages (topic, payload) values ($1, $2)', [
          topic,
          JSON.stringify(payload),
        ]);
      }
    },
  };

  beforeAll(async () => {
    schema = await freshSchema();
    dataSource = trackTypeOrmTransactions(
      await new DataSource({ type: 'postgres', url: schema.url }).initialize(),
    );
    await dataSource.query('create table messages (topic text, payload jsonb)');
    await dataSource.query('create table orders (item text)');
    const { NestOutboxExecutor } = recipe<{ NestOutboxExecutor: ExecutorOfPage }>('nest-outbox');
    executor = new NestOutboxExecutor(outbox, (work) => dataSource.transaction(work));
  });
  afterAll(async () => {
    await dataSource.destroy();
    await schema.drop();
  });
  beforeEach(async () => {
    isFull = false;
    await dataSource.query('truncate messages, orders');
  });

  const sendReceipt = (_item: string): void => {};
  const call = (item: string): void => enqueueWith({ name: 'sendReceipt' }, sendReceipt, item);
  const place = async (manager: EntityManager, item: string): Promise<void> => {
    await manager.query('insert into orders values ($1)', [item]);
    call(item);
  };
  const run = (work: () => Promise<void>): Promise<void> => runInScope({ executor }, work);
  const there = async () => ({
    messages: await dataSource.query('select topic, payload from messages order by payload'),
    orders: (await dataSource.query<{ item: string }[]>('select item from orders')).map(
      ({ item }) => item,
    ),
  });

  it('writes effects that are called in a transaction in it', async () => {
    await run(() =>
      dataSource.transaction(async (manager) => {
        await place(manager, 'tea');
        call('milk');
        expect((await there()).messages).toEqual([]);
      }),
    );
    expect(await there()).toEqual({
      messages: [
        { topic: 'sendReceipt', payload: ['milk'] },
        { topic: 'sendReceipt', payload: ['tea'] },
      ],
      orders: ['tea'],
    });
  });

  it('writes none of a transaction that rolls back', async () => {
    await run(async () => {
      await errorOf(() =>
        dataSource.transaction(async (manager) => {
          await place(manager, 'tea');
          throw new Error('no stock');
        }),
      );
    });
    expect(await there()).toEqual({ messages: [], orders: [] });
  });

  it('rolls the transaction back where it cannot write', async () => {
    isFull = true;
    const error = await errorOf(() =>
      run(() => dataSource.transaction((manager) => place(manager, 'tea'))),
    );
    expect(error.message).toContain('the outbox is full');
    expect(await there()).toEqual({ messages: [], orders: [] });
  });

  it('writes effects that are called elsewhere in a transaction of their own', async () => {
    await run(async () => call('tea'));
    expect((await there()).messages).toEqual([{ topic: 'sendReceipt', payload: ['tea'] }]);
  });
});
