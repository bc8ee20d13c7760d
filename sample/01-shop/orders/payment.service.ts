import { HttpException, HttpStatus, Injectable } from '@nestjs/common';
import type { Order } from './order.js';

/** The number by which payment providers have a card declined in tests. */
const DECLINED = '4000 0000 0000 0002';

/** Stands for a payment provider. Charging is no effect: what follows depends on the answer. */
@Injectable()
export class PaymentService {
  async charge({ id }: Order, card: string | undefined): Promise<void> {
    if (card === DECLINED)
      throw new HttpException(`The card was declined for order ${id}`, HttpStatus.PAYMENT_REQUIRED);
  }
}
