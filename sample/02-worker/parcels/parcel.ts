/** What a job in the queue `parcels` is about. */
export interface Parcel {
  readonly id: number;
  readonly customer: string;
  readonly to: string;
}
