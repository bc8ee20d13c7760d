import type {
  DispatchContext,
  FrameConnection,
  SqlDialect,
} from '../core/model/dispatch-context.js';
import { AirlockOptionsError } from '../errors/airlock-options.error.js';

const NAMES: Readonly<Record<SqlDialect, string>> = {
  postgres: 'PostgreSQL',
  mysql: 'MySQL or MariaDB',
  sqlite: 'SQLite',
};

/**
 * The connection of the transaction whose COMMIT is waiting for a write.
 *
 * @param to the place that effects are written to, as `pg-boss`
 * @param dialect which SQL they are written in
 * @returns undefined outside transactions
 * @throws AirlockOptionsError for a transaction that nothing can be written through, or one of
 *   another database
 * @internal
 */
export function connectionFor(
  context: DispatchContext | undefined,
  to: string,
  dialect: SqlDialect,
): FrameConnection | undefined {
  const { transaction, connection } = context ?? {};
  if (transaction === undefined) return undefined;
  const database = NAMES[dialect];
  const actual = connection?.dialect ?? 'postgres';
  if (connection !== undefined && actual === dialect) return connection;
  throw new AirlockOptionsError(
    'connection',
    `Effects called in "${transaction}" are to be written to ${to} in that transaction, but ` +
      (connection === undefined
        ? 'its frame has no `connection`. '
        : `it is one of ${NAMES[actual]}. `) +
      `Use an adapter for ${database} that gives it one, pass one to \`openFrame\`, or pick an executor that is not transactional for them.`,
  );
}
