import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { Client } from 'pg';

export interface FreshDatabase {
  readonly url: string;
  drop(): Promise<void>;
}

/** Makes a database of one's own on a PostgreSQL server. */
export async function freshDatabaseOn(server: string): Promise<FreshDatabase> {
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  const url = new URL(server);
  url.pathname = `/${name}`;
  await connected(server, (client) => client.query(`create database ${name}`));
  return { url: url.href, drop: () => connected(server, (client) => drop(client, name)) };
}

/**
 * Removes a database when nobody is connected any more. `Pool.end()` of `pg` does not wait until the
 * server has let its connections go, and what is then told that it is terminated throws an
 * `error` that nobody listens to. Who is still there after 10 seconds is thrown out.
 */
async function drop(client: Client, name: string): Promise<void> {
  const users = 'select from pg_stat_activity where datname = $1';
  for (let tries = 0; tries < 100; tries++) {
    if ((await client.query(users, [name])).rowCount === 0) break;
    await setTimeout(100);
  }
  await client.query(`drop database ${name} with (force)`);
}

async function connected(server: string, work: (client: Client) => Promise<unknown>) {
  const client = new Client({ connectionString: server });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}
