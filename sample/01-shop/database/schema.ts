import type { Database } from './database.js';

const statements = [
  `create table if not exists shop_products (
     sku text primary key,
     name text not null,
     price_cents int not null,
     stock int not null check (stock >= 0),
     fits_gift_box boolean not null
   )`,
  `insert into shop_products values
     ('tea', 'Darjeeling, 100 g', 950, 1000, true),
     ('teapot', 'Cast iron teapot', 6900, 1000, true),
     ('ladder', 'Library ladder', 24900, 1000, false)
   on conflict (sku) do nothing`,
  `create sequence if not exists shop_order_numbers`,
  `create table if not exists shop_orders (
     id int primary key,
     email text not null,
     lines jsonb not null,
     gift_wrapped boolean not null,
     total_cents int not null
   )`,
  `create table if not exists shop_gift_boxes (
     order_id int not null,
     sku text not null,
     quantity int not null
   )`,
  `create table if not exists shop_reservations (
     id int generated always as identity primary key,
     order_id int not null,
     sku text not null,
     quantity int not null
   )`,
];

/** Creates what is not there yet. The lock lets several processes start at once on one server. */
export async function createSchema(database: Database): Promise<void> {
  await database.transaction(async (tx) => {
    await tx.query('select pg_advisory_xact_lock(701)');
    for (const statement of statements) await tx.query(statement);
  });
}
