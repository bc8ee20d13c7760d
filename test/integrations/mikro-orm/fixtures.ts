import * as core from '@mikro-orm/core';
import { EntitySchema } from '@mikro-orm/core';
import { MikroORM, type Options } from '@mikro-orm/postgresql';
import { trackMikroOrmTransactions } from 'nestjs-airlock/mikro-orm';
import { freshSchema } from '../../servers.js';

export class Item {
  name!: string;
}

/** Done by the hook of an item that is created, in the transaction of the flush. */
export const hooks: { afterCreate: (item: Item) => Promise<void> } = {
  afterCreate: async () => {},
};

export const itemSchema = new EntitySchema<Item>({
  class: Item,
  tableName: 'items',
  properties: { name: { type: 'string', primary: true } },
  hooks: {
    afterCreate: [async ({ entity }: { readonly entity: Item }) => hooks.afterCreate(entity)],
  },
});

/** Of MikroORM's packages that of the decorators is another one from version 7 on. */
export const isVersion6 = 'Transactional' in core;

/**
 * What makes MikroORM, which reads no options of PostgreSQL from a URL, stay in the schema of one.
 */
export function inSchema(url: string): Options {
  const options = new URL(url).searchParams.get('options');
  return { clientUrl: url, driverOptions: isVersion6 ? { connection: { options } } : { options } };
}

/** MikroORM with a table of items, on a schema of its own. */
export async function openMikroOrm(
  options: Options = {},
): Promise<{ orm: MikroORM; url: string; close(): Promise<void> }> {
  const schema = await freshSchema();
  const orm = await connect(schema.url, options);
  await orm.em.getConnection().execute('create table items (name text primary key)');
  return {
    orm,
    url: schema.url,
    close: async () => {
      await orm.close(true);
      await schema.drop();
    },
  };
}

export async function connect(url: string, options: Options = {}): Promise<MikroORM> {
  return trackMikroOrmTransactions(
    await MikroORM.init({
      ...inSchema(url),
      entities: [itemSchema],
      allowGlobalContext: true,
      logger: () => {},
      ...options,
    }),
  );
}
