import { describeExecutorContract } from 'nestjs-airlock/testing';
import { describeWith, postgres } from '../../servers.js';
import { deliveriesTo } from '../executor-deliveries.js';
import {
  boot,
  type Database,
  NOTIFY,
  onPglite,
  onPostgres,
  type Version,
} from './pg-boss.fixtures.js';

/** An effect that fails is tried once more, at once. */
const jobOptions = { retryLimit: 1, retryDelay: 0 };

/** Version 12 fetches jobs of one moment, as those of one statement are, in no order of its own. */
const keepsOrder = (version: Version): boolean => version === 10;

function contractOn(version: Version, database: () => Database): void {
  describeExecutorContract('PgBossExecutor', {
    remote: true,
    transactional: true,
    attempts: 2,
    ordered: keepsOrder(version),
    boot: async (providers) => {
      const { boss, db, close } = database();
      const producer = await boot({
        pgBoss: { boss: boss(), queues: NOTIFY, jobOptions, worker: false },
        providers: [...providers.producer],
      });
      const consumer = await boot({
        pgBoss: {
          boss: boss(),
          queues: NOTIFY,
          jobOptions,
          worker: { pollingIntervalSeconds: 0.5 },
        },
        providers: [...providers.consumer],
      });
      return {
        producer,
        delivered: deliveriesTo(consumer),
        transaction: (fn) => db.transaction(fn),
        close: async () => {
          await Promise.all([producer.close(), consumer.close()]);
          await close();
        },
      };
    },
  });
}

describeWith(postgres, 'pg-boss 12 on PostgreSQL', () => contractOn(12, () => onPostgres(12)));

describeWith(postgres, 'pg-boss 10 on PostgreSQL', () => contractOn(10, () => onPostgres(10)));

describe('pg-boss 12 on PGlite', () => {
  contractOn(12, onPglite);
});
