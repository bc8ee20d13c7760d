import type { EventEmitter2 } from '@nestjs/event-emitter';
import type { Queue } from 'bullmq';
import type { SendMailOptions, Transporter } from 'nodemailer';

interface Order {
  readonly id: number;
}
declare function receiptOf(order: Order): SendMailOptions;

export class OrderService {
  constructor(
    private readonly queue: Queue,
    private readonly events: EventEmitter2,
    private readonly mailer: Transporter,
  ) {}
  // …
}
