import { Module } from '@nestjs/common';
import { AirlockModule } from 'nestjs-airlock';
import { DatabaseModule } from './database/database.module.js';
import { OrdersController } from './orders/orders.controller.js';
import { OrdersService } from './orders/orders.service.js';
import { MailService } from './outside/mail.service.js';
import { WarehouseService } from './outside/warehouse.service.js';

@Module({
  imports: [AirlockModule.forRoot(), DatabaseModule],
  controllers: [OrdersController],
  providers: [OrdersService, MailService, WarehouseService],
})
export class AppModule {}
