import { Injectable, Logger } from '@nestjs/common';
import { SideEffect } from 'nestjs-airlock';
import type { Takings } from './tills.js';

/** Stands in for a mail server: the log is what is delivered. */
@Injectable()
export class MailService {
  private readonly mail = new Logger('Mail');

  @SideEffect()
  async sendReport({ shop, cents }: Takings): Promise<void> {
    this.mail.log(`to the ${shop} shop: you took ${(cents / 100).toFixed(2)} EUR`);
  }

  @SideEffect({ on: 'failure' })
  async wakeOnCall(): Promise<void> {
    this.mail.log('to whoever is on call: there is no report tonight');
  }
}
