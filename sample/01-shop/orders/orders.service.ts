import { Injectable, Logger } from '@nestjs/common';
import { Airlock, DropAll, EffectBuffer } from 'nestjs-airlock';
import { Database, type Transaction } from '../database/database.js';
import { MailService } from '../mail/mail.service.js';
import { WarehouseClient } from '../warehouse/warehouse.client.js';
import { GiftWrapService } from './gift-wrap.service.js';
import type { Order, OrderDraft, OrderLine } from './order.js';
import { OrdersRepository } from './orders.repository.js';
import { PaymentService } from './payment.service.js';
import { ProductsRepository } from './products.repository.js';

@Injectable()
export class OrdersService {
  private readonly logger = new Logger('Orders');

  constructor(
    private readonly database: Database,
    private readonly orders: OrdersRepository,
    private readonly products: ProductsRepository,
    private readonly giftWrap: GiftWrapService,
    private readonly payment: PaymentService,
    private readonly mail: MailService,
    private readonly warehouse: WarehouseClient,
    private readonly effects: EffectBuffer,
  ) {}

  place(draft: OrderDraft): Promise<Order> {
    return this.database.transaction(async (tx) => {
      const order = await this.write(tx, draft);
      // By now everybody has been told; none of it gets out if the card is declined.
      await this.payment.charge(order, draft.card);
      return order;
    });
  }

  /** Places the order and takes it back. @returns the names of the effects it would have had */
  @Airlock(DropAll)
  async rehearse(draft: OrderDraft): Promise<readonly string[]> {
    const rehearsed = new Error('The rehearsal is over');
    let names: readonly string[] = [];
    const rehearsal = this.database.transaction(async (tx) => {
      await this.write(tx, draft);
      names = this.effects.intents.map(({ name }) => name);
      throw rehearsed;
    });
    await rehearsal.catch((error: unknown) => {
      if (error !== rehearsed) throw error;
    });
    return names;
  }

  list(): Promise<readonly Order[]> {
    return this.orders.list();
  }

  private async write(tx: Transaction, draft: OrderDraft): Promise<Order> {
    const id = await this.orders.nextId(tx);
    const warehouse = this.effects.defer(this.warehouse);
    const lines: OrderLine[] = [];
    for (const { sku, quantity } of draft.lines) {
      lines.push(await this.products.take(tx, { sku, quantity }));
      // The next line may turn out to be sold out: told at once, the warehouse would pick an order
      // that does not exist.
      warehouse.reserve({ orderId: id, sku, quantity });
    }
    const order: Order = {
      id,
      email: draft.email,
      lines,
      giftWrapped: draft.giftWrap && (await this.tryToWrap(tx, id, lines)),
      totalCents: lines.reduce(
        (total, { quantity, priceCents }) => total + quantity * priceCents,
        0,
      ),
    };
    await this.mail.sendReceipt(order);
    await this.orders.insert(tx, order);
    return order;
  }

  /**
   * An order is worth having without its wrapping: the boxes written and asked for so far are
   * undone when one line does not fit, although nobody sees an error and the order commits.
   */
  private async tryToWrap(
    tx: Transaction,
    id: number,
    lines: readonly OrderLine[],
  ): Promise<boolean> {
    try {
      await tx.savepoint((step) => this.giftWrap.wrap(step, id, lines));
      return true;
    } catch (error) {
      this.logger.warn(`Order ${id} goes out unwrapped: ${(error as Error).message}`);
      return false;
    }
  }
}
