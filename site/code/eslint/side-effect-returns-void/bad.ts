import { SideEffect } from 'nestjs-airlock';
import type { SendMailOptions, Transporter } from 'nodemailer';

declare function receiptOf(orderId: number): SendMailOptions;

export class MailService {
  constructor(private readonly smtp: Transporter) {}
  // @ts-expect-error -- the decorator's type refuses it too, as is said above
  // …
}
