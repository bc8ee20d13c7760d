export interface Reservation {
  readonly orderId: number;
  readonly sku: string;
  readonly quantity: number;
}

/** @throws Error if the warehouse cannot be reached or answers anything but success */
export async function postReservation(url: string, reservation: Reservation): Promise<void> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(reservation),
    signal: AbortSignal.timeout(5_000),
  });
  await response.body?.cancel();
  if (!response.ok) throw new Error(`The warehouse at ${url} answered ${response.status}`);
}
