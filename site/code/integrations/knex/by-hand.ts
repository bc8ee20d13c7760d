import type { Knex } from 'knex';

interface Order {
  readonly id: number;
}

declare class OrderTable {
  insert(trx: Knex.Transaction, order: Order): Promise<void>;
}
declare class MailService {
  sendReceipt(orderId: number): Promise<void>;
}

export class OrderService {
  constructor(
    private readonly knex: Knex,
    private readonly orders: OrderTable,
    private readonly mail: MailService,
  ) {}
  // …
}
