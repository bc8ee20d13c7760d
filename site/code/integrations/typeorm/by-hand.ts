import { DataSource, Entity, PrimaryColumn } from 'typeorm';

@Entity()
class Order {
  @PrimaryColumn()
  id!: number;
}

declare class MailService {
  sendReceipt(orderId: number): Promise<void>;
}

export class OrderService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly mail: MailService,
  ) {}
  // …
}
