import { BullModule } from '@nestjs/bullmq';
import { Module } from '@nestjs/common';
import { InvoicesModule } from '../invoices/invoices.module.js';
import { CarrierClient } from './carrier.client.js';
import { MessagesService } from './messages.service.js';
import { ParcelsProcessor } from './parcels.processor.js';

@Module({
  imports: [BullModule.registerQueue({ name: 'parcels' }), InvoicesModule],
  providers: [ParcelsProcessor, CarrierClient, MessagesService],
})
export class ParcelsModule {}
