// A user's application. The suites compile it outside the repository, against the packed package.
import 'reflect-metadata';
import { ConflictException, Controller, Injectable, Module, Param, Post } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  AirlockModule,
  BlockTasks,
  EffectBuffer,
  SideEffect,
  UseAirlockPolicy,
} from 'nestjs-airlock';

@Injectable()
class MailService {
  @SideEffect()
  async sendReceipt(orderId: string): Promise<void> {
    console.log(`receipt for ${orderId}`);
  }
}

function notifyWarehouse(orderId: string): void {
  console.log(`warehouse told of ${orderId}`);
}

@Injectable()
class OrderService {
  constructor(
    private readonly effects: EffectBuffer,
    private readonly mail: MailService,
  ) {}

  async place(orderId: string): Promise<void> {
    await this.mail.sendReceipt(orderId);
    this.effects.enqueue(notifyWarehouse, orderId);
    console.log(`placed ${orderId}`);
  }
}

@Controller('orders')
class OrderController {
  constructor(private readonly orders: OrderService) {}

  @Post(':id')
  place(@Param('id') id: string): Promise<void> {
    return this.orders.place(id);
  }

  @Post(':id/sold-out')
  async fail(@Param('id') id: string): Promise<void> {
    await this.orders.place(id);
    throw new ConflictException();
  }
}

@Controller('admin/orders')
@UseAirlockPolicy(new BlockTasks(['MailService.sendReceipt']))
class AdminController {
  constructor(private readonly orders: OrderService) {}

  @Post(':id')
  place(@Param('id') id: string): Promise<void> {
    return this.orders.place(id);
  }
}

@Module({
  imports: [AirlockModule.forRoot()],
  controllers: [OrderController, AdminController],
  providers: [OrderService, MailService],
})
class AppModule {}

async function main(): Promise<void> {
  const app = await NestFactory.create(AppModule, { logger: ['error'] });
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();
  for (const path of ['/orders/1', '/admin/orders/2', '/orders/3/sold-out']) {
    const response = await fetch(url + path, { method: 'POST' });
    console.log(`${path}: ${response.status}`);
  }
  await app.close();
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
