import { peerCopies } from '../peer-copies.js';
import type { MikroOrmClient } from './mikro-orm.client.js';

const DATABASES = [
  'better-sqlite',
  'libsql',
  'mariadb',
  'mssql',
  'mysql',
  'oracledb',
  'postgresql',
  'sqlite',
];

interface Package {
  readonly MikroORM: new (options: object) => MikroOrmClient & {
    /** Makes `em`, before version 7, whose constructor does so. */
    discoverEntitiesSync?(): void;
  };
  readonly defineConfig: (options: object) => object;
}

/**
 * Makes an instance for each SQL database whose package is installed, and each copy of it, connected
 * to none. Not by `initSync` of version 6: that reads `MIKRO_ORM_…` of the environment, which may
 * name another database or entities, and writes those of a file `.env` into it.
 *
 * @internal
 */
export async function installedInstances(): Promise<readonly MikroOrmClient[]> {
  const instances: MikroOrmClient[] = [];
  for (const database of DATABASES) {
    for (const copy of new Set(await peerCopies<Package>(`@mikro-orm/${database}`))) {
      // MikroORM writes into them.
      const options = {
        contextName: 'nestjs-airlock',
        dbName: 'none',
        entities: [],
        entitiesTs: [],
        debug: false,
        discovery: { warnWhenNoEntities: false },
      };
      const orm = new copy.MikroORM(copy.defineConfig(options));
      orm.discoverEntitiesSync?.();
      instances.push(orm);
    }
  }
  return instances;
}
