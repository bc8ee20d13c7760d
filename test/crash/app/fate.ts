import type { Setup } from '../setups.js';

/** How the transaction of an order ends, if nothing comes in between. */
export type Fate =
  | 'it commits'
  | 'a savepoint is released'
  | 'a savepoint rolls back'
  | 'it rolls back'
  | 'its COMMIT fails';

/** As often as they are to occur. */
const FATES: readonly Fate[] = [
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

/** MariaDB knows no constraint that waits for COMMIT. */
export function fatesOn(database: Setup['database']): readonly Fate[] {
  return database === 'PostgreSQL' ? FATES : FATES.filter((fate) => fate !== 'its COMMIT fails');
}
