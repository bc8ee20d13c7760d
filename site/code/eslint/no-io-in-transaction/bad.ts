import type { DataSource } from 'typeorm';

interface Order {
  readonly id: number;
}
declare const warehouse: URL;

export class OrderService {
  constructor(private readonly dataSource: DataSource) {}
  async place(order: Order): Promise<void> {
    // …
  }
}
