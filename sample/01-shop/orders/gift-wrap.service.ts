import { ConflictException, Injectable } from '@nestjs/common';
import { EffectBuffer } from 'nestjs-airlock';
import type { Queryable } from '../database/database.js';
import { postReservation } from '../warehouse/reservation.js';
import { WarehouseClient } from '../warehouse/warehouse.client.js';
import type { OrderLine } from './order.js';

@Injectable()
export class GiftWrapService {
  constructor(
    private readonly effects: EffectBuffer,
    private readonly warehouse: WarehouseClient,
  ) {}

  /** Everything is wrapped or nothing: to be called in a savepoint. */
  async wrap(tx: Queryable, orderId: number, lines: readonly OrderLine[]): Promise<void> {
    for (const { sku, quantity, fitsGiftBox } of lines) {
      if (!fitsGiftBox) throw new ConflictException(`"${sku}" fits no gift box`);
      await tx.query('insert into shop_gift_boxes (order_id, sku, quantity) values ($1, $2, $3)', [
        orderId,
        sku,
        quantity,
      ]);
      this.effects.enqueue(postReservation, this.warehouse.url, {
        orderId,
        sku: `gift-box:${sku}`,
        quantity,
      });
    }
  }
}
