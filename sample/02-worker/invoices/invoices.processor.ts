import { Processor, WorkerHost } from '@nestjs/bullmq';
import type { Job } from 'bullmq';
import type { Invoice } from './invoice.js';
import { PostOffice } from './post.office.js';

@Processor('invoices')
export class InvoicesProcessor extends WorkerHost {
  constructor(private readonly postOffice: PostOffice) {
    super();
  }

  async process({ data }: Job<Invoice>): Promise<void> {
    await this.postOffice.sendInvoice(data);
  }
}
