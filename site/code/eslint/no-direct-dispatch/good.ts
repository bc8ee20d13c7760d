import type { EventEmitter2 } from '@nestjs/event-emitter';
import type { Queue } from 'bullmq';
import { type EffectBuffer, SideEffect } from 'nestjs-airlock';
import type { SendMailOptions, Transporter } from 'nodemailer';

interface Order {
  readonly id: number;
}
declare function receiptOf(orderId: number): SendMailOptions;

export class OrderService {
  constructor(
    private readonly effects: EffectBuffer,
    private readonly queue: Queue,
    private readonly events: EventEmitter2,
    private readonly mailer: Transporter,
    private readonly mail: Pick<OrderService, 'sendReceipt'>,
  ) {}
  // …
}
