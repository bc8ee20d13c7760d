import { type Knex, knex as connect } from 'knex';
import { freshSchema } from '../../servers.js';

/** A Knex instance with a table of orders, and how to get rid of both. */
export async function openKnex(settings: Knex.Config = {}) {
  const schema = await freshSchema();
  const knex = connect({ client: 'pg', connection: schema.url, ...settings });
  await knex.schema.createTable(
    'orders',
    (table) => void table.text('item').notNullable().unique(),
  );
  return {
    knex,
    close: async () => {
      await knex.destroy();
      await schema.drop();
    },
  };
}

export async function itemsOf(knex: Knex): Promise<unknown[]> {
  return knex('orders').orderBy('item').pluck<unknown[]>('item');
}
