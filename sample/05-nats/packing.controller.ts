import { Controller } from '@nestjs/common';
import { EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import { subject } from './nats.js';
import type { Order } from './order.js';

/** Whoever packs parcels, in this process or another one. */
@Controller()
export class PackingController {
  private readonly parcels: string[] = [];

  @EventPattern<Record<string, Order>>(subject('placed'))
  placed(@Payload() { id, lines }: Order): void {
    this.parcels.push(
      `${id}: ${lines.map(({ sku, quantity }) => `${quantity} x ${sku}`).join(', ')}`,
    );
  }

  @MessagePattern(subject('parcels'))
  list(): readonly string[] {
    return this.parcels;
  }
}
