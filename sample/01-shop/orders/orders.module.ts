import { Module } from '@nestjs/common';
import { DatabaseModule } from '../database/database.module.js';
import { MailModule } from '../mail/mail.module.js';
import { WarehouseModule } from '../warehouse/warehouse.module.js';
import { AdminOrdersController } from './admin-orders.controller.js';
import { GiftWrapService } from './gift-wrap.service.js';
import { OrdersController } from './orders.controller.js';
import { OrdersRepository } from './orders.repository.js';
import { OrdersService } from './orders.service.js';
import { PaymentService } from './payment.service.js';
import { ProductsRepository } from './products.repository.js';

@Module({
  imports: [DatabaseModule, MailModule, WarehouseModule],
  controllers: [OrdersController, AdminOrdersController],
  providers: [OrdersService, PaymentService, GiftWrapService, OrdersRepository, ProductsRepository],
})
export class OrdersModule {}
