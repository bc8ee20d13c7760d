/** How the transaction of an order ends, if nothing comes in between. */
export type Fate =
  | 'it commits'
  | 'a savepoint is released'
  | 'a savepoint rolls back'
  | 'it rolls back'
  | 'its COMMIT fails';

/** As often as they are to occur. */
export const FATES: readonly Fate[] = [
  'it commits',
  'it commits',
  'it commits',
  'a savepoint is released',
  'a savepoint rolls back',
  'a savepoint rolls back',
  'it rolls back',
  'it rolls back',
  'its COMMIT fails',
];
