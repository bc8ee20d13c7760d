/// <reference types="jest" />
import { SideEffect } from 'nestjs-airlock';

class MailService {
  constructor(private readonly smtp: { send(text: string): Promise<void> }) {}
  @SideEffect()
  async sendReceipt(orderId: number): Promise<void> {
    await this.smtp.send(`Receipt ${orderId}`);
  }
}

class OrderService {
  constructor(private readonly mail: MailService) {}
  async place({ id }: { readonly id: number }): Promise<object> {
    await this.mail.sendReceipt(id);
    return { id };
  }
}

const order = { id: 7 };
const smtp = { send: () => Promise.reject(new Error('This is a test.')) };
// …
