import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { outboxSqlOf } from '../../../lib/integrations/outbox/sql/outbox-sql.js';
import { migrationFor, run } from '../../../lib/integrations/outbox/outbox-sql.command.js';

const root = join(__dirname, '../../..');

/** What the command says, and where. */
function said(...args: string[]): { code: number; log: string; error: string } {
  const lines = { log: '', error: '' };
  const code = run(args, {
    log: (text) => (lines.log += text),
    error: (text) => (lines.error += text),
  });
  return { code, ...lines };
}

describe('npx nestjs-airlock outbox-sql', () => {
  describe('when it is asked for the SQL of a database', () => {
    it.each(['postgres', 'mysql', 'mariadb', 'sqlite'] as const)(
      'prints the file that the package has for %s',
      (dialect) => {
        const { code, log } = said('outbox-sql', dialect);
        expect(code).toBe(0);
        const file = dialect === 'mariadb' ? 'mysql' : dialect;
        expect(`${log}\n`).toBe(readFileSync(join(root, `sql/outbox.${file}.sql`), 'utf8'));
      },
    );

    it('names the table as it is told, quoted', () => {
      const { log } = said('outbox-sql', 'postgres', '--schema', 'my "own"', '--table', 'Effects');
      expect(log).toContain('create table if not exists "my ""own"""."Effects" (');
      expect(log).toContain('"Effects_due" on "my ""own"""."Effects"');
      expect(migrationFor('mysql', 'a`b')).toContain('`a``b`');
    });
  });

  describe('when a client writes `?` for placeholders', () => {
    it.each(['postgres', 'mysql', 'sqlite'] as const)(
      'names each once, in the order of its values, for %s',
      (dialect) => {
        const sql = outboxSqlOf(dialect, undefined, undefined);
        const row = { id: 'a', position: 1, effect: 'Mail.send', envelope: '{}' };
        for (const statement of [
          sql.insert([row, row], 1, 2).sql,
          sql.insertMany,
          sql.renew(2),
          sql.renewed(2),
          sql.countBefore(2),
          sql.postpone(2),
          sql.fail(2),
          sql.find,
          sql.remove(2),
        ]) {
          const numbers = [...statement.matchAll(/\$(\d+)/g)].map(([, number]) => Number(number));
          expect(numbers).toEqual(numbers.map((_, i) => i + 1));
        }
      },
    );
  });

  describe('when it is asked for something else', () => {
    it.each([
      [],
      ['outbox-sql'],
      ['outbox-sql', 'oracle'],
      ['outbox-sql', 'sqlite', '--tabel', 'x'],
      ['other', 'sqlite'],
    ])('says how it is used', (...args) => {
      const { code, log, error } = said(...(args as string[]));
      expect(code).toBe(1);
      expect(log).toBe('');
      expect(error).toContain('Usage: nestjs-airlock outbox-sql <postgres|mysql|mariadb|sqlite>');
    });
  });
});
