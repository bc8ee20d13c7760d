import { Injectable } from '@nestjs/common';
import { Database, type Queryable } from '../database/database.js';
import type { Order } from './order.js';

@Injectable()
export class OrdersRepository {
  constructor(private readonly database: Database) {}

  async nextId(tx: Queryable): Promise<number> {
    const [row] = await tx.query<{ id: number }>(`select nextval('shop_order_numbers')::int as id`);
    return row!.id;
  }

  async insert(tx: Queryable, { id, email, lines, giftWrapped, totalCents }: Order): Promise<void> {
    await tx.query(
      'insert into shop_orders (id, email, lines, gift_wrapped, total_cents) values ($1, $2, $3, $4, $5)',
      [id, email, JSON.stringify(lines), giftWrapped, totalCents],
    );
  }

  list(): Promise<readonly Order[]> {
    return this.database.query(
      `select id, email, lines, gift_wrapped as "giftWrapped", total_cents as "totalCents" from shop_orders order by id`,
    );
  }
}
