import { randomUUID } from 'node:crypto';
import { createConnection } from 'mysql2/promise';
import { Client } from 'pg';
import { type FreshDatabase, freshDatabaseOn } from './integrations/pg/fresh-database.js';
// Also read by scripts/servers.mjs, which finds those that answer before a run.
import servers from './servers.json' with { type: 'json' };

/** A server that a user's machine may not have. */
export interface TestServer {
  readonly name: string;
  readonly url: string;
}

export const postgres = known('PostgreSQL');
/** Or MySQL. */
export const mariadb = known('MariaDB');
export const redis = known('Redis');
export const rabbitmq = known('RabbitMQ');
export const nats = known('NATS');

function known(name: string): TestServer {
  const { variable, url } = servers.find((server) => server.name === name)!;
  return { name, url: process.env[variable] || url };
}

/**
 * A suite against a server. Where nothing answers, it is skipped and its name says so; where `CI`
 * is `true` it fails, so that a pipeline cannot lose it unnoticed.
 */
export function describeWith(server: TestServer, title: string, suite: () => void): void {
  if (answers(server)) return describe(title, suite);
  const { host } = new URL(server.url);
  if (process.env.CI !== 'true')
    return skipped(`${title} (skipped: no ${server.name} answers at ${host})`, suite);
  describe(title, () => {
    it(`finds ${server.name}`, () => {
      throw new Error(
        `No ${server.name} answers at ${host}, and with CI=true its suites are not skipped.`,
      );
    });
  });
}

/** A schema of one's own, which the returned URL makes the only one in sight. */
export async function freshSchema(): Promise<{ readonly url: string; drop(): Promise<void> }> {
  const schema = `test_${randomUUID().replaceAll('-', '')}`;
  const url = new URL(postgres.url);
  url.searchParams.set('options', `-c search_path=${schema}`);
  await onPostgres(`create schema ${schema}`);
  return { url: url.href, drop: () => onPostgres(`drop schema ${schema} cascade`) };
}

/** A database of one's own, for what makes schemas itself. */
export const freshDatabase = (): Promise<FreshDatabase> => freshDatabaseOn(postgres.url);

/** A database of one's own on MariaDB or MySQL. */
export interface FreshMariadb {
  readonly url: string;
  /** For one who may do with the rows and procedures of it what an application does, and no more. */
  readonly userUrl: string;
  readonly isMySql: boolean;
  drop(): Promise<void>;
}

export async function freshMariadb(): Promise<FreshMariadb> {
  const name = `test_${randomUUID().replaceAll('-', '').slice(0, 27)}`;
  const run = async (...statements: string[]): Promise<unknown> => {
    const connection = await createConnection(mariadb.url);
    try {
      let answer: unknown;
      for (const statement of statements) [answer] = await connection.query(statement);
      return answer;
    } finally {
      await connection.end();
    }
  };
  const [url, userUrl] = [new URL(mariadb.url), new URL(mariadb.url)];
  url.pathname = userUrl.pathname = `/${name}`;
  [userUrl.username, userUrl.password] = [name, 'secret'];
  const rows = await run(
    `create database ${name}`,
    `create user ${name} identified by '${userUrl.password}'`,
    `grant select, insert, update, delete, execute on ${name}.* to ${name}`,
    'select version() as version',
  );
  const [{ version }] = rows as [{ version: string }];
  return {
    url: url.href,
    userUrl: userUrl.href,
    isMySql: !/mariadb/i.test(version),
    drop: async () => void (await run(`drop database ${name}`, `drop user ${name}`)),
  };
}

async function onPostgres(sql: string): Promise<void> {
  const client = new Client({ connectionString: postgres.url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

const skipped = describe.skip;

/** As found before the run by test/before-all.mjs: suites are defined without waiting. */
function answers({ name }: TestServer): boolean {
  return process.env.SERVERS_THAT_ANSWER!.split(',').includes(name);
}
