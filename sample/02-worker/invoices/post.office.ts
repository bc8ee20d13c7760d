import { Injectable, Logger } from '@nestjs/common';
import { SideEffect } from 'nestjs-airlock';
import type { Invoice } from './invoice.js';

/** Stands in for a mail server: the log is what is delivered. */
@Injectable()
export class PostOffice {
  private readonly mail = new Logger('Mail');

  @SideEffect()
  async sendInvoice({ parcelId, customer }: Invoice): Promise<void> {
    this.mail.log(`${customer}: the invoice for parcel ${parcelId}`);
  }
}
