import { peerCopies } from '../peer-copies.js';
import type { KyselyClient } from './kysely.client.js';

/** Makes an instance of each copy of Kysely that is installed, on no database. @internal */
export async function installedInstances(): Promise<readonly KyselyClient[]> {
  const copies = await peerCopies('kysely', () => import('kysely'));
  return copies.map(
    ({ Kysely, DummyDriver, PostgresAdapter, PostgresIntrospector, PostgresQueryCompiler }) =>
      new Kysely<object>({
        dialect: {
          createDriver: () => new DummyDriver(),
          createAdapter: () => new PostgresAdapter(),
          createIntrospector: (db) => new PostgresIntrospector(db),
          createQueryCompiler: () => new PostgresQueryCompiler(),
        },
      }),
  );
}
