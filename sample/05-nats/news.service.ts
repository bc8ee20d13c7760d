import { Inject, Injectable } from '@nestjs/common';
import { ClientProxy } from '@nestjs/microservices';
import { SideEffect } from 'nestjs-airlock';
import { lastValueFrom } from 'rxjs';
import { subject } from './nats.js';
import type { Order } from './order.js';

@Injectable()
export class NewsService {
  constructor(@Inject('NATS') private readonly client: ClientProxy) {}

  /** An event to whoever listens; it leaves once the order stands. */
  @SideEffect()
  async placed(order: Order): Promise<void> {
    await lastValueFrom(this.client.emit<unknown, Order>(subject('placed'), order), {
      defaultValue: undefined,
    });
  }
}
