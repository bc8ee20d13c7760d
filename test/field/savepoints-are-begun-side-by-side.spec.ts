import { enqueue, FrameStateError, runInScope } from 'nestjs-airlock';
import type { ContractTransaction, TransactionContractClient } from 'nestjs-airlock/testing';
import { connectNodePostgres } from '../integrations/drizzle/contract.client.js';
import { connectMikroOrm } from '../integrations/mikro-orm/contract.client.js';
import { connectSequelize } from '../integrations/sequelize/contract.client.js';
import { describeWith, postgres } from '../servers.js';
import { errorOf, send, sent } from '../unit/core/fixtures.js';

// These clients come through it by themselves, as long as none of the savepoints is rolled back.
describeWith(postgres, 'when an application begins savepoints side by side', () => {
  describe.each<[string, () => Promise<TransactionContractClient>]>([
    ['Drizzle', connectNodePostgres],
    ['MikroORM 6', connectMikroOrm],
    ['Sequelize', connectSequelize],
  ])('with %s', (_, connect) => {
    let client: TransactionContractClient;

    beforeAll(async () => {
      client = await connect();
      await client.query('create table items (name text)');
    });
    beforeEach(async () => {
      sent.length = 0;
      await client.query('delete from items');
    });
    afterAll(() => client.close());

    const insert = (tx: ContractTransaction, name: string): Promise<unknown> =>
      tx.query(`insert into items values ('${name}')`);
    const sideBySide = (
      tx: ContractTransaction,
      work: (inner: ContractTransaction, name: string) => Promise<unknown>,
    ): Promise<unknown> =>
      Promise.all(['a', 'b'].map((name) => tx.savepoint!((inner) => work(inner, name))));
    const stored = async (): Promise<readonly unknown[]> =>
      (await client.query('select name from items order by name')).map(({ name }) => name);

    it('leaves them alone where no effect is called in them', async () => {
      await runInScope(() =>
        client.transaction(async (tx) => {
          enqueue(send, 'before');
          await sideBySide(tx, insert);
          enqueue(send, 'after');
        }),
      );
      expect(await stored()).toEqual(['a', 'b']);
      expect(sent).toEqual(['before', 'after']);
    });

    it('refuses an effect that is called in them, and nothing gets out or is stored', async () => {
      const error = await runInScope(() =>
        errorOf(() =>
          client.transaction(async (tx) => {
            enqueue(send, 'before');
            await sideBySide(tx, async (inner, name) => {
              await insert(inner, name);
              enqueue(send, name);
            }).catch(() => {});
          }),
        ),
      );
      expect(error).toBeInstanceOf(FrameStateError);
      expect(error.message).toMatch(
        / cannot take "send": another savepoint has been open beside it /,
      );
      expect(await stored()).toEqual([]);
      expect(sent).toEqual([]);
    });

    it('takes effects in those that come after', async () => {
      await runInScope(() =>
        client.transaction(async (tx) => {
          await sideBySide(tx, insert);
          await tx.savepoint!(async () => enqueue(send, 'kept'));
        }),
      );
      expect(sent).toEqual(['kept']);
    });
  });
});
