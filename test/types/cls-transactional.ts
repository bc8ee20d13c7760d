import { NoOpTransactionalAdapter } from '@nestjs-cls/transactional';
import { TransactionalAdapterDrizzleOrm } from '@nestjs-cls/transactional-adapter-drizzle-orm';
import { TransactionalAdapterTypeOrm } from '@nestjs-cls/transactional-adapter-typeorm';
import type { NodePgDatabase } from 'drizzle-orm/node-postgres';
import { trackClsTransactions } from 'nestjs-airlock/cls-transactional';
import type { EntityManager } from 'typeorm';
import { type Equal, expectTrue } from './expect.js';

export function keepsTheTypesOfAdapters(): void {
  const typeOrm = trackClsTransactions(new TransactionalAdapterTypeOrm({ dataSourceToken: 'db' }));
  const drizzle = trackClsTransactions(
    new TransactionalAdapterDrizzleOrm<NodePgDatabase>({ drizzleInstanceToken: 'db' }),
  );
  expectTrue<Equal<typeof typeOrm, TransactionalAdapterTypeOrm>>();
  expectTrue<Equal<typeof drizzle, TransactionalAdapterDrizzleOrm<NodePgDatabase>>>();
  trackClsTransactions(new NoOpTransactionalAdapter({ tx: {} }));

  trackClsTransactions(new TransactionalAdapterTypeOrm({ dataSourceToken: 'db' }), {
    name: 'orders database',
    connection: (tx) => {
      expectTrue<Equal<typeof tx, EntityManager>>();
      return {
        executeSql: async (text, values) => ({ rows: await tx.query<unknown[]>(text, values) }),
      };
    },
  });
  // @ts-expect-error no adapter
  trackClsTransactions({});
  // @ts-expect-error no such option
  trackClsTransactions(new NoOpTransactionalAdapter({ tx: {} }), { connections: [] });
}
