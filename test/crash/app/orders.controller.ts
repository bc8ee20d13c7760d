import { Body, ConflictException, Controller, Post } from '@nestjs/common';
import type { Fate } from './fate.js';
import { ChangedMind, Orders } from './orders.service.js';

@Controller('orders')
export class OrdersController {
  constructor(private readonly orders: Orders) {}

  @Post()
  async place(@Body('fate') fate: Fate): Promise<void> {
    try {
      await this.orders.place(fate);
    } catch (error) {
      throw error instanceof ChangedMind ? new ConflictException(error.message) : error;
    }
  }
}
