import { sql } from 'drizzle-orm';
import { drizzle, type NodePgDatabase } from 'drizzle-orm/node-postgres';
import { withReplicas } from 'drizzle-orm/pg-core';
import { Pool } from 'pg';
import { trackDrizzleTransactions } from 'nestjs-airlock/drizzle';
import { describeWith, freshSchema, postgres } from '../../servers.js';
import { checkAfterEach } from '../../unit/core/fixtures.js';
import { describeDoors } from '../doors.js';
import { orders } from './fixtures.js';

type Database = NodePgDatabase<{ orders: typeof orders }>;

checkAfterEach();

describeWith(postgres, 'the doors to a transaction of Drizzle', () => {
  let pool: Pool;
  let db: Database;
  let onAClient: Database;
  let replicated: Database & {
    readonly $primary: Database;
    readonly $replicas: readonly Database[];
  };
  let close: () => Promise<void>;

  beforeAll(async () => {
    const schema = await freshSchema();
    pool = new Pool({ connectionString: schema.url });
    const open = () => drizzle(pool, { schema: { orders } });
    db = trackDrizzleTransactions(open());
    const client = await pool.connect();
    onAClient = trackDrizzleTransactions(drizzle(client, { schema: { orders } }));
    replicated = trackDrizzleTransactions(withReplicas(open(), [open()]));
    close = async () => {
      client.release();
      await pool.end();
      await schema.drop();
    };
  });
  afterAll(() => close());

  describeDoors({
    byCallback: {
      'db.transaction': (work) => db.transaction(() => work()),
      'db.transaction with options': (work) =>
        db.transaction(() => work(), { isolationLevel: 'serializable' }),
      'db.transaction of a database on one client': (work) => onAClient.transaction(() => work()),
      'tx.transaction': (work) => db.transaction((tx) => tx.transaction(() => work())),
      'tx.transaction in a savepoint': (work) =>
        db.transaction((tx) => tx.transaction((inner) => inner.transaction(() => work()))),
      'the transaction of a database with replicas': (work) => replicated.transaction(() => work()),
      'that of its primary': (work) => replicated.$primary.transaction(() => work()),
      'that of a replica': (work) => replicated.$replicas[0]!.transaction(() => work()),
    },
    notCovered: {
      'another database on the same pool': (work) => drizzle(pool).transaction(() => work()),
      'db.execute(sql`begin`)': async (work) => {
        await onAClient.execute(sql`begin`);
        try {
          await work();
        } finally {
          await onAClient.execute(sql`rollback`);
        }
      },
    },
  });
});
