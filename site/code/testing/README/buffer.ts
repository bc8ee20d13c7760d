import { EffectBuffer } from 'nestjs-airlock';
import { captureEffects } from 'nestjs-airlock/testing';

interface Queue {
  add(name: string, data: object): Promise<unknown>;
}
declare class MailService {}
declare class OrderService {
  constructor(effects: EffectBuffer, mail: MailService, queue: Queue);
  place(order: { readonly id: number }): Promise<void>;
}
declare const queue: Queue;
// …
