import { AirlockService } from 'nestjs-airlock';
import type { OutboxClient } from '../integrations/outbox/client.js';
import { connectPostgres as connectDrizzle } from '../integrations/outbox/clients/drizzle.js';
import { connectPostgres as connectKnex } from '../integrations/outbox/clients/knex.js';
import { connectPostgres as connectKysely } from '../integrations/outbox/clients/kysely.js';
import { connectPostgres as connectMikroOrm } from '../integrations/outbox/clients/mikro-orm.js';
import { connectPostgres as connectPrisma } from '../integrations/outbox/clients/prisma.js';
import { connectPostgres as connectSequelize } from '../integrations/outbox/clients/sequelize.js';
import { connectPostgres as connectTypeOrm } from '../integrations/outbox/clients/typeorm.js';
import { boot, Courier, Mail } from '../integrations/outbox/fixtures.js';
import { prisma7 } from '../integrations/prisma/generated.js';
import { describeWith, postgres } from '../servers.js';

const CLIENTS: Readonly<Record<string, () => Promise<OutboxClient>>> = {
  Drizzle: connectDrizzle,
  Knex: connectKnex,
  Kysely: connectKysely,
  MikroORM: connectMikroOrm,
  Prisma: () => connectPrisma(prisma7),
  Sequelize: connectSequelize,
  TypeORM: connectTypeOrm,
};

describeWith(postgres, 'An outbox on PostgreSQL', () => {
  describe.each(Object.keys(CLIENTS))('in transactions of %s', (name) => {
    describe('when a statement fails of which nobody hears before the COMMIT', () => {
      it('leaves it to the client how the transaction ends, and hands nothing over', async () => {
        const client = await CLIENTS[name]!();
        const courier = new Courier();
        const app = await boot(client, { outbox: { executor: courier } });
        const airlock = app.get(AirlockService);
        // The server tells an error before it is ready again, sometimes by a packet of its own.
        const end = (before: () => Promise<void>): Promise<string> =>
          airlock
            .run(() =>
              client.transaction(async (tx) => {
                await before();
                void tx.query('select nothing').catch(() => {});
              }),
            )
            .then(() => 'resolves', String);

        const without = await end(async () => {});
        expect(await end(() => app.get(Mail).send('a receipt'))).toBe(without);
        expect(courier.texts).toEqual([]);
        await app.close();
        await client.close();
      });
    });
  });
});
