import { ConflictException, Injectable, Logger } from '@nestjs/common';
import { PrismaService } from '../database/prisma.service.js';
import type { Prisma, Product } from '../generated/client.js';
import { MailService } from '../outside/mail.service.js';
import { WarehouseService } from '../outside/warehouse.service.js';
import type { OrderDraft, PlacedOrder } from './order.js';

@Injectable()
export class OrdersService {
  private readonly logger = new Logger('Orders');

  constructor(
    private readonly prisma: PrismaService,
    private readonly mail: MailService,
    private readonly warehouse: WarehouseService,
  ) {}

  place({ email, lines, giftWrap = false }: OrderDraft): Promise<PlacedOrder> {
    return this.prisma.$transaction(async (tx) => {
      const { id } = await tx.order.create({ data: { email, lines: { create: [...lines] } } });
      const products: Product[] = [];
      let totalCents = 0;
      for (const { sku, quantity } of lines) {
        const product = await this.take(tx, sku, quantity);
        products.push(product);
        totalCents += quantity * product.priceCents;
        // The next line may turn out to be sold out: told at once, the warehouse would pick an
        // order that does not exist.
        await this.warehouse.reserve(id, quantity, sku);
      }
      const giftWrapped = giftWrap && (await this.tryToWrap(tx, id, products));
      await this.mail.sendReceipt(id, email);
      await tx.order.update({ where: { id }, data: { totalCents } });
      return { id, totalCents, giftWrapped };
    });
  }

  private async take(
    tx: Prisma.TransactionClient,
    sku: string,
    quantity: number,
  ): Promise<Product> {
    const where = { sku, stock: { gte: quantity } };
    const [product] = await tx.product.updateManyAndReturn({
      where,
      data: { stock: { decrement: quantity } },
    });
    if (product === undefined) throw new ConflictException(`There are not ${quantity} of "${sku}"`);
    return product;
  }

  /**
   * An order is worth having without its wrapping: the boxes written and asked for so far are
   * undone with the savepoint when one product fits none, although nobody sees an error and the
   * order commits.
   */
  private async tryToWrap(
    tx: Prisma.TransactionClient,
    orderId: number,
    products: Product[],
  ): Promise<boolean> {
    try {
      await tx.$transaction(async (savepoint) => {
        for (const { sku, fitsGiftBox } of products) {
          if (!fitsGiftBox) throw new ConflictException(`"${sku}" fits no gift box`);
          await savepoint.giftBox.create({ data: { orderId, sku } });
          await this.warehouse.reserve(orderId, 1, `gift box for ${sku}`);
        }
      });
      return true;
    } catch (error) {
      this.logger.warn(`Order ${orderId} goes out unwrapped: ${(error as Error).message}`);
      return false;
    }
  }
}
