import type { DataSource } from 'typeorm';
import type { EffectBuffer } from 'nestjs-airlock';

interface Order {
  readonly id: number;
}
declare const warehouse: URL;

export class OrderService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly effects: EffectBuffer,
  ) {}
  async place(order: Order): Promise<void> {
    // …
  }
}
