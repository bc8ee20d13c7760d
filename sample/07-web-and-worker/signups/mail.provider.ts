import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { Injectable, Logger } from '@nestjs/common';

/**
 * Stands in for the API of a mail provider: the log is what arrives. It delivers once for each
 * idempotency key.
 */
@Injectable()
export class MailProvider {
  private readonly inbox = new Logger('Inbox');
  private readonly keys = new Set<string>();

  async send(to: string, text: string, key: string = randomUUID()): Promise<void> {
    await setTimeout(100);
    if (this.keys.has(key)) return this.inbox.log(`${to}: nothing new, ${key} is here already`);
    this.keys.add(key);
    this.inbox.log(`${to}: ${text} (${key})`);
    // The mail is out, but nobody hears of it: the case for idempotency keys.
    if (to.endsWith('@slow.example')) throw new Error('The answer of the provider got lost');
  }
}
