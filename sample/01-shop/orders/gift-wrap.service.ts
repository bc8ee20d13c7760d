import { ConflictException, Injectable } from '@nestjs/common';
import { Airlock, EffectBuffer } from 'nestjs-airlock';
import { postReservation } from '../warehouse/reservation.js';
import { WarehouseClient } from '../warehouse/warehouse.client.js';
import type { OrderLine } from './order.js';

@Injectable()
export class GiftWrapService {
  constructor(
    private readonly effects: EffectBuffer,
    private readonly warehouse: WarehouseClient,
  ) {}

  /**
   * Everything is wrapped or nothing: in a scope of its own, the boxes asked for so far are forgotten when one line does
   * not fit, and nothing else is.
   */
  @Airlock()
  async wrap(orderId: number, lines: readonly OrderLine[]): Promise<void> {
    for (const { sku, quantity, fitsGiftBox } of lines) {
      if (!fitsGiftBox) throw new ConflictException(`"${sku}" fits no gift box`);
      this.effects.enqueue(postReservation, this.warehouse.url, { orderId, sku: `gift-box:${sku}`, quantity });
    }
  }
}
