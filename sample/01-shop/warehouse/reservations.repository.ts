import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import type { Reservation } from './reservation.js';

@Injectable()
export class ReservationsRepository {
  constructor(private readonly database: Database) {}

  async insert({ orderId, sku, quantity }: Reservation): Promise<void> {
    await this.database.query(
      'insert into shop_reservations (order_id, sku, quantity) values ($1, $2, $3)',
      [orderId, sku, quantity],
    );
  }

  list(): Promise<readonly Reservation[]> {
    return this.database.query(
      'select order_id as "orderId", sku, quantity from shop_reservations order by id',
    );
  }
}
