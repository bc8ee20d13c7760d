import { Body, Controller, Get, HttpCode, Post } from '@nestjs/common';
import type { Order, OrderDraft } from './order.js';
import { OrdersService } from './orders.service.js';
import { ParseOrderPipe } from './parse-order.pipe.js';

@Controller('orders')
export class OrdersController {
  constructor(private readonly orders: OrdersService) {}

  /** If this succeeds, the warehouse and the customer are told; if it fails, nobody is. */
  @Post()
  place(@Body(ParseOrderPipe) draft: OrderDraft): Promise<Order> {
    return this.orders.place(draft);
  }

  @Post('dry-run')
  @HttpCode(200)
  async rehearse(
    @Body(ParseOrderPipe) draft: OrderDraft,
  ): Promise<{ readonly wouldLetOut: readonly string[] }> {
    return { wouldLetOut: await this.orders.rehearse(draft) };
  }

  @Get()
  list(): Promise<readonly Order[]> {
    return this.orders.list();
  }
}
