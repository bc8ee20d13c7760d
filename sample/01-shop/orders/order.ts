/** What a customer asks for. */
export interface OrderDraft {
  readonly email: string;
  readonly lines: readonly DraftLine[];
  readonly giftWrap: boolean;
  readonly card: string | undefined;
}

export interface DraftLine {
  readonly sku: string;
  readonly quantity: number;
}

export interface Order {
  readonly id: number;
  readonly email: string;
  readonly lines: readonly OrderLine[];
  readonly giftWrapped: boolean;
  readonly totalCents: number;
}

export interface OrderLine extends DraftLine {
  readonly name: string;
  readonly priceCents: number;
  readonly fitsGiftBox: boolean;
}
