import { Injectable } from '@nestjs/common';
import { currentEffect, SideEffect } from 'nestjs-airlock';
import { MailProvider } from './mail.provider.js';

@Injectable()
export class MailService {
  constructor(private readonly provider: MailProvider) {}

  /** Tried again until the provider answers. */
  @SideEffect({ dispatchOptions: { attempts: 5, backoff: { type: 'exponential', delay: 250 } } })
  async welcome(email: string): Promise<void> {
    await this.tips(email); // buffered too: an attempt has a scope of its own, and one that fails asks for nothing
    await this.provider.send(email, 'Welcome!', currentEffect()?.id);
  }

  @SideEffect({ dispatchOptions: { delay: 1_000 } })
  async tips(email: string): Promise<void> {
    await this.provider.send(email, 'Tips for your first day', currentEffect()?.id);
  }
}
