import { Module } from '@nestjs/common';
import { ClientsModule } from '@nestjs/microservices';
import { AirlockModule } from 'nestjs-airlock';
import { nats } from './nats.js';
import { NewsService } from './news.service.js';
import { OrdersController } from './orders.controller.js';
import { PackingController } from './packing.controller.js';

@Module({
  imports: [AirlockModule.forRoot(), ClientsModule.register([{ name: 'NATS', ...nats }])],
  controllers: [OrdersController, PackingController],
  providers: [NewsService],
})
export class AppModule {}
