import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { createConnection } from 'mysql2/promise';
import { Client } from 'pg';

/** A server that a user's machine may not have. */
export interface TestServer {
  readonly name: string;
  readonly url: string;
}

export const postgres: TestServer = {
  name: 'PostgreSQL',
  url: process.env.DATABASE_URL || 'postgres://postgres@127.0.0.1:5432/postgres',
};

/** Or MySQL. */
export const mariadb: TestServer = { name: 'MariaDB', url: process.env.MYSQL_URL || 'mysql://root@127.0.0.1:3306' };

export const redis: TestServer = { name: 'Redis', url: process.env.REDIS_URL || 'redis://127.0.0.1:6379' };

export const rabbitmq: TestServer = {
  name: 'RabbitMQ',
  url: process.env.RABBITMQ_URL || 'amqp://guest:guest@127.0.0.1:5672',
};

export const nats: TestServer = { name: 'NATS', url: process.env.NATS_URL || 'nats://127.0.0.1:4222' };

/**
 * A suite against a server. Where nothing answers, it is skipped and its name says so; where `CI` is `true` it fails, so
 * that a pipeline cannot lose it unnoticed.
 */
export function describeWith(server: TestServer, title: string, suite: () => void): void {
  if (answers(server)) return describe(title, suite);
  const { host } = new URL(server.url);
  if (process.env.CI !== 'true') return skipped(`${title} (skipped: no ${server.name} answers at ${host})`, suite);
  describe(title, () => {
    it(`finds ${server.name}`, () => {
      throw new Error(`No ${server.name} answers at ${host}, and with CI=true its suites are not skipped.`);
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
export async function freshDatabase(): Promise<{ readonly url: string; drop(): Promise<void> }> {
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  const url = new URL(postgres.url);
  url.pathname = `/${name}`;
  await onPostgres(`create database ${name}`);
  return { url: url.href, drop: () => onPostgres(`drop database ${name} with (force)`) };
}

/** A database of one's own on MariaDB or MySQL. */
export async function freshMariadb(): Promise<{ readonly url: string; drop(): Promise<void> }> {
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  const run = async (statement: string): Promise<void> => {
    const connection = await createConnection(mariadb.url);
    await connection.query(statement);
    await connection.end();
  };
  const url = new URL(mariadb.url);
  url.pathname = `/${name}`;
  await run(`create database ${name}`);
  return { url: url.href, drop: () => run(`drop database ${name}`) };
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

const known = new Map<string, boolean>();

/** Synchronous, as the definition of suites is: a process of its own tries to connect. */
function answers({ url }: TestServer): boolean {
  let isThere = known.get(url);
  if (isThere === undefined) known.set(url, (isThere = connects(new URL(url))));
  return isThere;
}

function connects({ hostname, port, protocol }: URL): boolean {
  const script = `
    const [host, port] = process.argv.slice(1);
    const socket = require('node:net').connect({ host, port: Number(port), timeout: 2000 });
    socket.on('connect', () => process.exit(0)).on('error', () => process.exit(1)).on('timeout', () => process.exit(1));`;
  try {
    const args = [
      '--input-type=commonjs',
      '-e',
      script,
      hostname.replace(/^\[|\]$/g, ''),
      port || DEFAULT_PORTS[protocol]!,
    ];
    execFileSync(process.execPath, args, { stdio: 'ignore', timeout: 10_000 });
    return true;
  } catch {
    return false;
  }
}

const DEFAULT_PORTS: Readonly<Record<string, string>> = {
  'postgres:': '5432',
  'postgresql:': '5432',
  'mysql:': '3306',
  'redis:': '6379',
  'amqp:': '5672',
  'nats:': '4222',
};
