import { setTimeout } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import type { Parcel } from './parcel.js';

/**
 * Stands in for a carrier's API: it is busy when it is first asked for a parcel, and does not go
 * everywhere.
 */
@Injectable()
export class CarrierClient {
  private readonly asked = new Set<number>();

  /** @returns the number of the label */
  async book({ id, to }: Parcel): Promise<string> {
    await setTimeout(20);
    if (to === 'Atlantis') throw new Error(`Nobody delivers to ${to}`);
    if (!this.asked.has(id)) {
      this.asked.add(id);
      throw new Error('The carrier is busy');
    }
    return `label-${id}`;
  }
}
