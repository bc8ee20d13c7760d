import { BullModule } from '@nestjs/bullmq';
import { Module } from '@nestjs/common';
import { InvoicesProcessor } from './invoices.processor.js';
import { PostOffice } from './post.office.js';

@Module({
  imports: [BullModule.registerQueue({ name: 'invoices' })],
  providers: [InvoicesProcessor, PostOffice],
  exports: [BullModule],
})
export class InvoicesModule {}
