import { Injectable } from '@nestjs/common';
import type { Queryable } from '../database/database.js';
import type { DraftLine, OrderLine } from './order.js';
import { OutOfStockError, UnknownProductError } from './order.errors.js';

@Injectable()
export class ProductsRepository {
  /** @throws UnknownProductError, OutOfStockError */
  async take(tx: Queryable, { sku, quantity }: DraftLine): Promise<OrderLine> {
    const [taken] = await tx.query<OrderLine>(
      `update shop_products set stock = stock - $2::int where sku = $1 and stock >= $2::int
       returning sku, $2::int as quantity, name, price_cents as "priceCents", fits_gift_box as "fitsGiftBox"`,
      [sku, quantity],
    );
    if (taken !== undefined) return taken;
    const known = await tx.query('select from shop_products where sku = $1', [sku]);
    throw known.length === 0 ? new UnknownProductError(sku) : new OutOfStockError(sku, quantity);
  }
}
