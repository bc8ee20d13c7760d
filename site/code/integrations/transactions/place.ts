import type { NodePgDatabase } from 'drizzle-orm/node-postgres';
import { integer, pgTable } from 'drizzle-orm/pg-core';

const orders = pgTable('orders', { id: integer().primaryKey() });
const giftWraps = pgTable('gift_wraps', { orderId: integer().notNull() });
type Order = typeof orders.$inferInsert;

declare class MailService {
  sendReceipt(orderId: number): Promise<void>;
  sendGiftNote(orderId: number): Promise<void>;
}

export class OrderService {
  constructor(
    private readonly db: NodePgDatabase,
    private readonly mail: MailService,
  ) {}
  // …
}
