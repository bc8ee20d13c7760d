import { Injectable } from '@nestjs/common';
import { SideEffect } from 'nestjs-airlock';

@Injectable()
export class WarehouseService {
  /** What has been reserved. */
  readonly reserved: string[] = [];

  @SideEffect()
  async reserve(orderId: number, quantity: number, item: string): Promise<void> {
    this.reserved.push(`order ${orderId}: ${quantity} x ${item}`);
  }
}
