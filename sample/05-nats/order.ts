export interface Line {
  readonly sku: string;
  readonly quantity: number;
}

export interface Order {
  readonly id: number;
  readonly lines: readonly Line[];
}
