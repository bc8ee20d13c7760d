import { Controller } from '@nestjs/common';
import { MessagePattern, Payload, RpcException } from '@nestjs/microservices';
import { BlockTasks, UseAirlockPolicy } from 'nestjs-airlock';
import { subject } from './nats.js';
import { NewsService } from './news.service.js';
import type { Line, Order } from './order.js';

@Controller()
export class OrdersController {
  private readonly stock = new Map([
    ['tea', 100],
    ['teapot', 10],
  ]);
  private lastId = 0;

  constructor(private readonly news: NewsService) {}

  @MessagePattern(subject('place'))
  async place(@Payload() lines: readonly Line[]): Promise<Order> {
    const order = { id: ++this.lastId, lines };
    await this.news.placed(order); // nobody hears of it yet
    for (const line of lines) this.take(line);
    return order;
  }

  /** Orders of the old shop, which were packed long ago. */
  @MessagePattern(subject('import'))
  @UseAirlockPolicy(new BlockTasks(['NewsService.placed']))
  import(@Payload() lines: readonly Line[]): Promise<Order> {
    return this.place(lines);
  }

  private take({ sku, quantity }: Line): void {
    const left = this.stock.get(sku) ?? 0;
    if (left < quantity) throw new RpcException(`There are not ${quantity} of "${sku}" left`);
    this.stock.set(sku, left - quantity);
  }
}
