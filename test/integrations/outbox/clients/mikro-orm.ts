import type { MikroORM } from '@mikro-orm/core';
import { MikroORM as onLibsql } from '@mikro-orm/libsql';
import { MikroORM as onMariadb } from '@mikro-orm/mariadb';
import { MikroORM as onPostgres, type SqlEntityManager } from '@mikro-orm/postgresql';
import { trackMikroOrmTransactions } from 'nestjs-airlock/mikro-orm';
import { freshMariadb, freshSchema } from '../../../servers.js';
import { contractOf, transactional } from '../../mikro-orm/contract.client.js';
import { inSchema } from '../../mikro-orm/fixtures.js';
import type { OutboxClient } from '../client.js';

/** One without entities, and with a name that MikroORM tells it apart by. */
const settingsFor = (contextName: string) => ({
  contextName,
  discovery: { warnWhenNoEntities: false },
  entities: [],
});

export async function connectPostgres(): Promise<OutboxClient> {
  const schema = await freshSchema();
  const orm = await onPostgres.init({ ...inSchema(schema.url), ...settingsFor(schema.url) });
  return connect('postgres', orm, () => schema.drop());
}

export async function connectMariadb(): Promise<OutboxClient> {
  const schema = await freshMariadb();
  const orm = await onMariadb.init({ clientUrl: schema.url, ...settingsFor(schema.url) });
  return connect('mariadb', orm, () => schema.drop());
}

export async function connectLibsql(): Promise<OutboxClient> {
  const orm = await onLibsql.init({ dbName: ':memory:', ...settingsFor('memory') });
  return connect('sqlite', orm, async () => {});
}

function connect(
  dialect: OutboxClient['dialect'],
  orm: MikroORM,
  drop: () => Promise<void>,
): OutboxClient {
  trackMikroOrmTransactions(orm as never);
  const em = orm.em as unknown as SqlEntityManager;
  return {
    dialect,
    connection: {
      query: (sql, values) => em.getConnection().execute(sql.replace(/\$\d+/g, '?'), values),
    },
    transaction: (fn) =>
      transactional(em.fork(), undefined, (inner) => fn(contractOf(inner, transactional))),
    close: async () => {
      await orm.close(true);
      await drop();
    },
  };
}
