import type { AddressInfo } from 'node:net';
import { Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { Settings } from '../settings/settings.js';
import { postReservation, type Reservation } from './reservation.js';

/** Knows nothing of Airlock: whoever calls it decides whether the call is an effect. */
@Injectable()
export class WarehouseClient {
  constructor(
    private readonly settings: Settings,
    private readonly host: HttpAdapterHost,
  ) {}

  get url(): string {
    if (this.settings.warehouseUrl !== undefined) return this.settings.warehouseUrl;
    const { port } = this.host.httpAdapter.getHttpServer().address() as AddressInfo;
    return `http://127.0.0.1:${port}/warehouse/reservations`;
  }

  async reserve(reservation: Reservation): Promise<void> {
    await postReservation(this.url, reservation);
  }
}
