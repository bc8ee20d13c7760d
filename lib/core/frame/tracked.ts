/**
 * Marks a function that tracks transactions already; two installed copies recognise each other.
 * @internal
 */
export const TRACKS_TRANSACTIONS = Symbol.for('nestjs-airlock.tracks-transactions');

/**
 * Marks a tracker of all clients of a kind, wherever they are made; its value tells whether a
 * client is one of those.
 * @internal
 */
export const TRACKS_EVERY = Symbol.for('nestjs-airlock.tracks-every');
