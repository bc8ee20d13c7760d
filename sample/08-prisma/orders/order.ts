/** What a customer asks for. */
export interface OrderDraft {
  readonly email: string;
  readonly lines: readonly { readonly sku: string; readonly quantity: number }[];
  readonly giftWrap?: boolean;
}

export interface PlacedOrder {
  readonly id: number;
  readonly totalCents: number;
  readonly giftWrapped: boolean;
}
