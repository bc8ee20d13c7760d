import { BadRequestException, Injectable, type PipeTransform } from '@nestjs/common';
import type { DraftLine, OrderDraft } from './order.js';

@Injectable()
export class ParseOrderPipe implements PipeTransform<unknown, OrderDraft> {
  transform(body: unknown): OrderDraft {
    const { email, lines, giftWrap = false, card } = (body ?? {}) as Record<string, unknown>;
    if (typeof email !== 'string' || !email.includes('@'))
      throw new BadRequestException('`email` is not an address');
    if (!Array.isArray(lines) || lines.length === 0)
      throw new BadRequestException('`lines` is empty');
    if (typeof giftWrap !== 'boolean')
      throw new BadRequestException('`giftWrap` is neither true nor false');
    if (card !== undefined && typeof card !== 'string')
      throw new BadRequestException('`card` is no number of a card');
    return { email, lines: lines.map(parseLine), giftWrap, card };
  }
}

function parseLine(line: unknown, index: number): DraftLine {
  const { sku, quantity = 1 } = (line ?? {}) as Record<string, unknown>;
  if (typeof sku !== 'string') throw new BadRequestException(`\`lines[${index}].sku\` is missing`);
  if (
    typeof quantity !== 'number' ||
    !Number.isInteger(quantity) ||
    quantity < 1 ||
    quantity > 1_000_000
  )
    throw new BadRequestException(`\`lines[${index}].quantity\` is no number of pieces`);
  return { sku, quantity };
}
