import { parseArgs } from 'node:util';
import { messageOf } from '../../errors/thrown.js';
import type { OutboxDialect } from './outbox.options.js';
import { outboxSqlOf } from './sql/outbox-sql.js';

const DIALECTS: readonly OutboxDialect[] = ['postgres', 'mysql', 'mariadb', 'sqlite'];

const USAGE = `Usage: nestjs-airlock outbox-sql <${DIALECTS.join('|')}> [--table <name>] [--schema <name>]

Prints the SQL that creates the table of the outbox, for a migration.`;

/** Output of a command. */
interface Output {
  log(text: string): void;
  error(text: string): void;
}

/** Runs `npx nestjs-airlock outbox-sql <dialect>`. @returns the exit code @internal */
export function run(args: readonly string[], output: Output): number {
  try {
    const { positionals, values } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        table: { type: 'string' },
        schema: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    });
    const [command, dialect] = positionals;
    if (values.help === true) {
      output.log(USAGE);
      return 0;
    }
    if (command !== 'outbox-sql' || !isDialect(dialect) || positionals.length > 2) {
      output.error(USAGE);
      return 1;
    }
    output.log(migrationFor(dialect, values.table, values.schema));
    return 0;
  } catch (error) {
    output.error(`${messageOf(error)}\n\n${USAGE}`);
    return 1;
  }
}

/** Returns the script that creates the table. @internal */
export function migrationFor(dialect: OutboxDialect, table?: string, schema?: string): string {
  return outboxSqlOf(dialect, table, schema)
    .create.map((statement) => `${statement};`)
    .join('\n\n');
}

function isDialect(name: string | undefined): name is OutboxDialect {
  return DIALECTS.includes(name as OutboxDialect);
}
