import { Inject, Injectable } from '@nestjs/common';
import { SideEffect } from 'nestjs-airlock';
import type { Transporter } from 'nodemailer';
import type { Order } from '../orders/order.js';
import { SMTP } from './mail.tokens.js';

@Injectable()
export class MailService {
  constructor(@Inject(SMTP) private readonly smtp: Transporter) {}

  @SideEffect()
  async sendReceipt(order: Order): Promise<void> {
    await this.smtp.sendMail({
      from: 'shop@example.com',
      to: order.email,
      subject: `Receipt for order ${order.id}`,
      text: [
        ...order.lines.map(
          ({ quantity, name, priceCents }) =>
            `${quantity} x ${name}: ${euros(quantity * priceCents)}`,
        ),
        `Total: ${euros(order.totalCents)}`,
      ].join('\n'),
    });
  }
}

function euros(cents: number): string {
  return `${(cents / 100).toFixed(2)} EUR`;
}
