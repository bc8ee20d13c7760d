import { enqueue, runInScope } from 'nestjs-airlock';
import { trackTypeOrmTransactions } from 'nestjs-airlock/typeorm';
import { DataSource } from 'typeorm';

// TypeORM's drivers of SQLite have one query runner, which everybody uses and releases: also an
// effect that waited for the COMMIT.

describe('when a scope ends in a transaction of TypeORM on SQLite', () => {
  let dataSource: DataSource;
  const count = async (): Promise<number> =>
    Number((await dataSource.query('select count(*) as n from audits'))[0].n);
  const audit = (text: string): Promise<unknown> =>
    dataSource.query('insert into audits values (?)', [text]);
  const auditInTransaction = (text: string): Promise<unknown> =>
    dataSource.transaction((manager) => manager.query('insert into audits values (?)', [text]));

  beforeEach(async () => {
    dataSource = trackTypeOrmTransactions(await new DataSource({ type: 'sqljs' }).initialize());
    await dataSource.query('create table audits (text varchar)');
  });
  afterEach(() => dataSource.destroy());

  it.each([
    ['a query', audit],
    ['a transaction', auditInTransaction],
  ])('lets out an effect that is %s, before the transaction resolves', async (_what, effect) => {
    await dataSource.transaction(() => runInScope(() => enqueue(effect, 'placed')));
    expect(await count()).toBe(1);
  });

  it('lets it out where the transaction is begun by a statement', async () => {
    const runner = dataSource.createQueryRunner();
    await runner.startTransaction();
    await runInScope(() => enqueue(auditInTransaction, 'placed'));
    expect(await count()).toBe(0);
    await runner.commitTransaction();
    expect(await count()).toBe(1);
    await runner.release();
  });

  it('lets it out where an effect of the effect does the same', async () => {
    const again = (text: string): Promise<unknown> =>
      dataSource.transaction(() => runInScope(() => enqueue(auditInTransaction, text)));
    await dataSource.transaction(() => runInScope(() => enqueue(again, 'placed')));
    expect(await count()).toBe(1);
  });

  it('leaves the transaction open where somebody queries the data source in it', async () => {
    await runInScope(() =>
      dataSource.transaction(async (manager) => {
        await audit('by the data source');
        await manager.query(`insert into audits values ('by the manager')`);
        enqueue(audit, 'by the effect');
      }),
    );
    expect(await count()).toBe(3);
  });

  it('drops it where the transaction rolls back', async () => {
    const work = dataSource.transaction(async () => {
      await runInScope(() => enqueue(audit, 'placed'));
      throw new Error('no');
    });
    await expect(work).rejects.toThrow('no');
    expect(await count()).toBe(0);
  });

  it('lets it out where the scope is around the transaction', async () => {
    await runInScope(() =>
      dataSource.transaction(async () => enqueue(auditInTransaction, 'placed')),
    );
    expect(await count()).toBe(1);
  });
});
