import { peerCopies } from '../../installation/peer-copies.js';
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
  /** From version 7 on the constructor does what `initSync` did. */
  readonly MikroORM: { initSync?(options: object): MikroOrmClient } & (new (
    options: object,
  ) => MikroOrmClient);
}

/** Makes an instance for each SQL database whose package is installed, connected to none. @internal */
export async function installedInstances(): Promise<readonly MikroOrmClient[]> {
  const instances: MikroOrmClient[] = [];
  for (const database of DATABASES) {
    const [found] = await peerCopies<Package>(`@mikro-orm/${database}`);
    if (found === undefined) continue;
    const { MikroORM } = found;
    // MikroORM writes into them.
    const options = {
      contextName: 'nestjs-airlock',
      dbName: 'none',
      entities: [],
      discovery: { warnWhenNoEntities: false },
    };
    instances.push(MikroORM.initSync?.(options) ?? new MikroORM(options));
  }
  return instances;
}
