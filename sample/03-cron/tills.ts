import { Injectable } from '@nestjs/common';

/** What a shop has taken in a day. */
export interface Takings {
  readonly shop: string;
  readonly cents: number;
}

/**
 * Stands in for the shops' tills. The one at the harbour is forgotten every other night, at first
 * on the first one.
 */
@Injectable()
export class Tills {
  readonly shops = ['market', 'station', 'harbour'];
  private nights = 0;

  async count(shop: string): Promise<Takings> {
    if (shop === 'harbour' && ++this.nights % 2 === 1)
      throw new Error('The till at the harbour has not been counted');
    return { shop, cents: shop.length * 10_000 };
  }
}
