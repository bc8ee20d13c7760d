import { Injectable } from '@nestjs/common';
import { SideEffect } from 'nestjs-airlock';

@Injectable()
export class MailService {
  /** What has been mailed. */
  readonly sent: string[] = [];

  @SideEffect()
  async sendReceipt(orderId: number, email: string): Promise<void> {
    this.sent.push(`${email}: receipt for order ${orderId}`);
  }
}
