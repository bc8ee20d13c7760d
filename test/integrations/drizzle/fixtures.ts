import { type SQL, sql } from 'drizzle-orm';
import { drizzle as nodePostgres } from 'drizzle-orm/node-postgres';
import { drizzle as pglite } from 'drizzle-orm/pglite';
import { pgTable, text } from 'drizzle-orm/pg-core';
import { Pool } from 'pg';
import { emptyPglite } from '../../pglite.js';
import { freshSchema } from '../../servers.js';

export const orders = pgTable('orders', { item: text('item').notNull() });

const CREATE = sql`create table orders (item text not null)`;

/** A database with a table of orders, and how to get rid of both. */
export async function openNodePostgres() {
  const schema = await freshSchema();
  const pool = new Pool({ connectionString: schema.url });
  const db = nodePostgres(pool, { schema: { orders } });
  await db.execute(CREATE);
  return {
    db,
    close: async () => {
      await pool.end();
      await schema.drop();
    },
  };
}

export async function openPglite() {
  const client = emptyPglite();
  const db = pglite(client, { schema: { orders } });
  await db.execute(CREATE);
  return { db, close: () => client.close() };
}

export async function itemsOf(db: {
  execute(query: SQL): PromiseLike<{ rows: object[] }>;
}): Promise<unknown[]> {
  const { rows } = await db.execute(sql`select item from orders order by item`);
  return (rows as { item: string }[]).map(({ item }) => item);
}
