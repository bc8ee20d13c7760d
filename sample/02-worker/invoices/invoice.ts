/** What a job in the queue `invoices` is about. */
export interface Invoice {
  readonly parcelId: number;
  readonly customer: string;
}
