import { Body, Controller, Get, Post } from '@nestjs/common';
import { PrismaService } from '../database/prisma.service.js';
import { MailService } from '../outside/mail.service.js';
import { WarehouseService } from '../outside/warehouse.service.js';
import type { OrderDraft, PlacedOrder } from './order.js';
import { OrdersService } from './orders.service.js';

@Controller('orders')
export class OrdersController {
  constructor(
    private readonly orders: OrdersService,
    private readonly prisma: PrismaService,
    private readonly mail: MailService,
    private readonly warehouse: WarehouseService,
  ) {}

  /** If this succeeds, the warehouse and the customer are told; if it fails, nobody is. */
  @Post()
  place(@Body() draft: OrderDraft): Promise<PlacedOrder> {
    return this.orders.place(draft);
  }

  /** How many orders there are, and what was told of them. */
  @Get()
  async look() {
    const orders = await this.prisma.order.count();
    const giftBoxes = await this.prisma.giftBox.count();
    return { orders, giftBoxes, sent: this.mail.sent, reserved: this.warehouse.reserved };
  }
}
