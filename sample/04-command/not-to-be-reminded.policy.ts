import type { Intent, Policy } from 'nestjs-airlock';
import type { MailService } from './mail.service.js';

/** Some customers have asked for peace. */
export class NotToBeReminded implements Policy {
  private readonly customers = new Set(['cleo@example.com']);

  allows({ name, args }: Intent): boolean {
    if (name !== 'MailService.remind') return true;
    const [, customer] = args as Parameters<MailService['remind']>;
    return !this.customers.has(customer);
  }
}
