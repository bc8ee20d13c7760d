import 'reflect-metadata';
import { Body, Controller, HttpException, Injectable, Module, Param, Post } from '@nestjs/common';
import { Airlock, AirlockModule, DropAll, openFrame, SideEffect } from 'nestjs-airlock';

export const REFUSED = '4000 0000 0000 0002';

@Injectable()
export class Smtp {
  readonly sent: { readonly subject: string }[] = [];
  private isDown = false;
  refuse(): void {
    this.isDown = true;
  }
  async send(subject: string): Promise<void> {
    if (this.isDown) throw new Error('SMTP is down');
    this.sent.push({ subject });
  }
}

@Injectable()
export class MailService {
  private readonly receipts = new Set<number>();
  constructor(private readonly smtp: Smtp) {}
  @SideEffect()
  async sendReceipt(orderId: number): Promise<void> {
    if (this.receipts.has(orderId)) return;
    await this.smtp.send(`Receipt ${orderId}`);
    this.receipts.add(orderId);
  }
  @SideEffect()
  async soldOut(orderId: number): Promise<void> {
    await this.smtp.send(`Sold out ${orderId}`);
  }
}

@Injectable()
export class StockService {
  @SideEffect()
  async reserve(orderId: number): Promise<void> {
    await this.reordered(orderId);
  }
  @SideEffect()
  async reordered(_orderId: number): Promise<void> {}
}

@Injectable()
export class AlertService {
  @SideEffect({ on: 'failure' })
  async paymentRefused(_orderId: number): Promise<void> {}
}

@Injectable()
export class SmsService {
  @SideEffect()
  async send(_number: string): Promise<void> {}
}

@Injectable()
export class OrderService {
  constructor(
    private readonly mail: MailService,
    private readonly stock: StockService,
    private readonly alerts: AlertService,
  ) {}
  async place(orderId: number, card: string): Promise<void> {
    await this.mail.sendReceipt(orderId);
    if (card === REFUSED) throw new HttpException('Card refused', 402);
    await this.stock.reserve(orderId);
  }
  async pay(orderId: number): Promise<void> {
    await this.alerts.paymentRefused(orderId);
    throw new HttpException('Card refused', 402);
  }
  async placeUnlessSoldOut(order: { readonly id: number }): Promise<void> {
    const frame = openFrame();
    try {
      await frame.run(async () => {
        await this.mail.sendReceipt(order.id);
        throw new Error('sold out');
      });
    } catch {
      frame.rollBack();
      await this.mail.soldOut(order.id);
    }
  }
}

@Injectable()
export class Backfill {
  constructor(private readonly mail: MailService) {}
  @Airlock(DropAll)
  async run(): Promise<void> {
    await this.mail.sendReceipt(7);
  }
}

@Controller('orders')
class OrderController {
  constructor(private readonly orders: OrderService) {}
  @Post()
  async place(@Body() { id, card }: { id: number; card: string }): Promise<void> {
    await this.orders.place(id, card);
  }
  @Post(':id/payment')
  async pay(@Param('id') id: string): Promise<void> {
    await this.orders.pay(Number(id));
  }
}

@Module({
  imports: [AirlockModule.forRoot()],
  controllers: [OrderController],
  providers: [Smtp, MailService, StockService, AlertService, SmsService, OrderService, Backfill],
})
export class AppModule {}
