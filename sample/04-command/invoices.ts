import { Injectable } from '@nestjs/common';

export interface Invoice {
  readonly id: number;
  /** An address, where there is one. */
  readonly customer: string | undefined;
  readonly daysOverdue: number;
}

/** Stands in for a table. */
@Injectable()
export class Invoices {
  private readonly rows: readonly Invoice[] = [
    { id: 101, customer: 'ada@example.com', daysOverdue: 45 },
    { id: 102, customer: 'bob@example.com', daysOverdue: 3 },
    { id: 103, customer: 'cleo@example.com', daysOverdue: 60 },
    { id: 104, customer: 'dora@example.com', daysOverdue: 31 },
    { id: 105, customer: undefined, daysOverdue: 10 },
  ];

  async overdue(days: number): Promise<readonly Invoice[]> {
    return this.rows.filter(({ daysOverdue }) => daysOverdue >= days);
  }
}
