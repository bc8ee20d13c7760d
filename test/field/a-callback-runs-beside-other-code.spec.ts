import { AirlockService } from 'nestjs-airlock';
import { setImmediate } from 'node:timers/promises';
import type { TransactionContractClient } from 'nestjs-airlock/testing';
import { boot, checkAfterEach, Effects } from '../e2e/http/fixtures.js';
import { connectNodePostgres } from '../integrations/drizzle/contract.client.js';
import { connectKnex } from '../integrations/knex/contract.client.js';
import { byCallback, connectKysely, controlled } from '../integrations/kysely/contract.client.js';
import { connectMikroOrm } from '../integrations/mikro-orm/contract.client.js';
import { connectPrisma } from '../integrations/prisma/contract.client.js';
import { connectSequelize } from '../integrations/sequelize/contract.client.js';
import { connected } from '../integrations/typeorm/fixtures.js';
import { describeWith, postgres } from '../servers.js';

// It looks the same as one that hands out its transaction, up to the first statement of the code beside it.

type Client = Pick<TransactionContractClient, 'transaction' | 'close'>;

const clients: Record<string, () => Promise<Client>> = {
  TypeORM: async () => {
    const { dataSource, close } = await connected();
    const savepoint = (): never => {
      throw new Error('There is none here.');
    };
    return {
      transaction: (fn) =>
        dataSource.transaction((manager) => fn({ query: (sql) => manager.query(sql), savepoint })),
      close,
    };
  },
  Knex: connectKnex,
  Drizzle: connectNodePostgres,
  'Kysely, with a callback': () => connectKysely(byCallback),
  'Kysely, begun by a statement': () => connectKysely(controlled),
  'MikroORM 6': connectMikroOrm,
  Prisma: connectPrisma,
  Sequelize: connectSequelize,
};

checkAfterEach();

describeWith(postgres, 'when a callback in a transaction runs beside other code', () => {
  describe.each(Object.entries(clients))('%s', (_name, connect) => {
    let client: Client;
    beforeAll(async () => {
      client = await connect();
    });
    afterAll(() => client.close());

    it('leaves the calls of that code alone, whatever becomes of the transaction', async () => {
      const { app, sent } = await boot({});
      const effects = app.get(Effects, { strict: false });
      await app.get(AirlockService).run(async () => {
        let isOver = false;
        const running = client
          .transaction(async (tx) => {
            effects.one('lost');
            for (let i = 0; i < 5; i++) await tx.query('select 1');
            throw new Error('no stock');
          })
          .catch(() => {})
          .finally(() => (isOver = true));
        // With statements of its own, each in a transaction of its own.
        while (!isOver) {
          await client.transaction((tx) => tx.query('select 2'));
          effects.one('beside');
          await setImmediate();
        }
        await running;
      });
      expect(new Set(sent)).toEqual(new Set(['beside']));
    });

    it('gives what the callback runs at the same time the fate of the transaction', async () => {
      const { app, sent } = await boot({});
      const effects = app.get(Effects, { strict: false });
      await app.get(AirlockService).run(async () => {
        effects.one('around');
        await client
          .transaction(async (tx) => {
            await Promise.all([
              tx.query('select 1'),
              setImmediate().then(() => effects.one('lost')),
            ]);
            throw new Error('no stock');
          })
          .catch(() => {});
        effects.one('after');
      });
      expect(sent).toEqual(['around', 'after']);
    });
  });
});
