import { Injectable, Logger } from '@nestjs/common';
import { SideEffect } from 'nestjs-airlock';
import type { Parcel } from './parcel.js';

/** Stands in for a gateway of text messages: the log is what reaches a telephone. */
@Injectable()
export class MessagesService {
  private readonly telephone = new Logger('Telephone');

  @SideEffect()
  async tellCustomer({ id, customer, to }: Parcel): Promise<void> {
    this.telephone.log(`${customer}: your parcel ${id} is on its way to ${to}`);
  }

  @SideEffect({ on: 'failure' })
  async tellStaff({ id }: Parcel, attempt: number): Promise<void> {
    this.telephone.log(`staff: parcel ${id} could not be booked, attempt ${attempt}`);
  }
}
