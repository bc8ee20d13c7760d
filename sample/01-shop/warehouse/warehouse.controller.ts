import { Body, Controller, Get, Post } from '@nestjs/common';
import { SkipAirlock } from 'nestjs-airlock';
import type { Reservation } from './reservation.js';
import { ReservationsRepository } from './reservations.repository.js';

/**
 * The warehouse's own end. It stands for another company's service, whose calls are no units of
 * work of this shop.
 */
@SkipAirlock()
@Controller('warehouse/reservations')
export class WarehouseController {
  constructor(private readonly reservations: ReservationsRepository) {}

  @Post()
  async reserve(@Body() reservation: Reservation): Promise<void> {
    await this.reservations.insert(reservation);
  }

  @Get()
  list(): Promise<readonly Reservation[]> {
    return this.reservations.list();
  }
}
