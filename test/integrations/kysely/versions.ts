import * as kysely28 from 'kysely';
import * as kysely29 from 'kysely-0.29';

/** What the suites call of Kysely is the same in each version. */
export type KyselyVersion = typeof kysely28;

export const VERSIONS: readonly (readonly [name: string, kysely: KyselyVersion])[] = [
  ['Kysely 0.28', kysely28],
  ['Kysely 0.29', kysely29 as unknown as KyselyVersion],
];
