import { Module } from '@nestjs/common';
import { DatabaseModule } from '../database/database.module.js';
import { ReservationsRepository } from './reservations.repository.js';
import { WarehouseClient } from './warehouse.client.js';
import { WarehouseController } from './warehouse.controller.js';

@Module({
  imports: [DatabaseModule],
  controllers: [WarehouseController],
  providers: [WarehouseClient, ReservationsRepository],
  exports: [WarehouseClient],
})
export class WarehouseModule {}
