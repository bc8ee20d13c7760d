import { says } from '../given-up.js';

type TableProblem = 'missing' | 'refused' | 'elsewhere';

/**
 * Matches what PostgreSQL, MySQL and SQLite say when a table, a schema or a column is not there,
 * whichever client passes it on.
 */
const MISSING =
  /\b(42P01|42703|3F000|ER_NO_SUCH_TABLE|ER_BAD_FIELD_ERROR|ER_BAD_DB_ERROR)\b|does not exist|doesn't exist|no such (table|column)|unknown column|has no column/i;

/**
 * Matches errors of databases for a statement that nobody may run, or that the user of the
 * connection may not run.
 */
const REFUSED =
  /\b(42501|25006|ER_(TABLEACCESS|DBACCESS|COLUMNACCESS)_DENIED_ERROR|ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION|ER_OPTION_PREVENTS_STATEMENT|SQLITE_READONLY\w*)\b|permission denied|must be owner|command denied|access denied for user [^(]*to database|read[- ]?only (transaction|database|option)|--read-only/i;

/** Matches what PostgreSQL says of a table in another database. */
const ELSEWHERE = /cross-database references/i;

const PROBLEMS: readonly (readonly [RegExp, TableProblem])[] = [
  [ELSEWHERE, 'elsewhere'],
  [REFUSED, 'refused'],
  [MISSING, 'missing'],
];

/** @returns the problem of the table that an error of the database tells of, if it does @internal */
export function tableProblemIn(error: unknown): TableProblem | undefined {
  return PROBLEMS.find(([pattern]) => says(pattern, error))?.[1];
}
