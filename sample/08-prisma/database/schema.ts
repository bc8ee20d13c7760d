/** The tables of schema.prisma. An application of yours has migrations. */
export const schema = `
  create table products (
    sku text primary key,
    name text not null,
    price_cents int not null,
    stock int not null,
    fits_gift_box boolean not null
  );
  insert into products values
    ('tea', 'Darjeeling, 100 g', 950, 1000, true),
    ('teapot', 'Cast iron teapot', 6900, 1000, true),
    ('ladder', 'Library ladder', 24900, 1000, false);
  create table orders (id serial primary key, email text not null, total_cents int not null default 0);
  create table order_lines (
    id serial primary key,
    order_id int not null references orders,
    sku text not null references products,
    quantity int not null
  );
  create table gift_boxes (id serial primary key, order_id int not null references orders, sku text not null);
`;
