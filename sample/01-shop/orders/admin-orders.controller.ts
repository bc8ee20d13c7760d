import { Body, Controller, Post } from '@nestjs/common';
import { BlockTasks, UseAirlockPolicy } from 'nestjs-airlock';
import type { Order, OrderDraft } from './order.js';
import { OrdersService } from './orders.service.js';
import { ParseOrderPipe } from './parse-order.pipe.js';

/**
 * Orders that staff place for a customer on the phone: the warehouse is told, the customer is not
 * mailed.
 */
@Controller('admin/orders')
@UseAirlockPolicy(new BlockTasks(['MailService.sendReceipt']))
export class AdminOrdersController {
  constructor(private readonly orders: OrdersService) {}

  @Post()
  place(@Body(ParseOrderPipe) draft: OrderDraft): Promise<Order> {
    return this.orders.place(draft);
  }
}
