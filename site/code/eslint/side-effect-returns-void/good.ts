import { SideEffect } from 'nestjs-airlock';
import type { SendMailOptions, Transporter } from 'nodemailer';

declare function receiptOf(orderId: number): SendMailOptions;

export class MailService {
  constructor(
    private readonly smtp: Transporter,
    private readonly mails: { insert(orderId: number, messageId: string): Promise<void> },
  ) {}
  // …
}
