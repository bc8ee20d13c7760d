import { InjectQueue, Processor, WorkerHost } from '@nestjs/bullmq';
import type { Job, Queue } from 'bullmq';
import { EffectBuffer } from 'nestjs-airlock';
import type { Invoice } from '../invoices/invoice.js';
import { CarrierClient } from './carrier.client.js';
import { MessagesService } from './messages.service.js';
import type { Parcel } from './parcel.js';

@Processor('parcels', { concurrency: 5 })
export class ParcelsProcessor extends WorkerHost {
  constructor(
    private readonly carrier: CarrierClient,
    private readonly messages: MessagesService,
    private readonly effects: EffectBuffer,
    @InjectQueue('invoices') private readonly invoices: Queue<Invoice>,
  ) {
    super();
  }

  /** Each attempt starts clean: what an attempt that fails has asked for never gets out. */
  async process({ data: parcel, attemptsStarted }: Job<Parcel>): Promise<string> {
    await this.messages.tellStaff(parcel, attemptsStarted);
    await this.messages.tellCustomer(parcel);
    this.effects
      .defer(this.invoices)
      .add('invoice', { parcelId: parcel.id, customer: parcel.customer });
    // The carrier may refuse: done at once, the customer would be told again by each attempt, and
    // billed by each.
    return this.carrier.book(parcel);
  }
}
