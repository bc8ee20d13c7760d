import { Injectable } from '@nestjs/common';
import { SideEffect } from 'nestjs-airlock';

/** Stands in for a mail server: what it prints is delivered. */
@Injectable()
export class MailService {
  @SideEffect()
  async remind(invoice: number, customer: string): Promise<void> {
    console.log(`mail to ${customer}: invoice ${invoice} is overdue`);
  }

  @SideEffect()
  async tellAccounts(invoices: number): Promise<void> {
    console.log(`mail to accounts@example.com: ${invoices} invoices are overdue`);
  }
}
