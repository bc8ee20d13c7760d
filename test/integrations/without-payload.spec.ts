import { inspect } from 'node:util';
import { DrizzleQueryError } from 'drizzle-orm/errors';
import { DatabaseError } from 'pg';
import { QueryFailedError } from 'typeorm';
import { removePayload, withoutPayload } from '../../lib/integrations/without-payload.js';

const SECRET = 'marker-8472';

function databaseError(message: string, code: string): DatabaseError {
  return Object.assign(new DatabaseError(message, 10, 'error'), {
    code,
    detail: SECRET,
    where: SECRET,
    table: 'job',
  });
}

/** It comes without types; what it makes is an error by its prototype alone. */
const { SqliteError } = jest.requireActual<{
  readonly SqliteError: new (message: string, code: string) => Error;
}>('better-sqlite3');

const carrying: readonly (readonly [what: string, error: Error, text: string, code: unknown])[] = [
  [
    'a command of Redis',
    Object.assign(new Error('OOM command not allowed'), {
      command: { name: 'evalsha', args: [SECRET] },
    }),
    'OOM command not allowed',
    undefined,
  ],
  [
    'a statement of better-sqlite3',
    Object.assign(new SqliteError('no such table: a', 'SQLITE_ERROR'), { sql: SECRET }),
    'no such table: a',
    'SQLITE_ERROR',
  ],
  ['a row of PostgreSQL', databaseError('violates "picky"', '23514'), 'violates "picky"', '23514'],
  [
    'a value that PostgreSQL cannot read',
    databaseError(`invalid input syntax for type uuid: "${SECRET}"`, '22P02'),
    'invalid input syntax for type uuid',
    '22P02',
  ],
  [
    'a value that MariaDB cannot read',
    Object.assign(new Error(`Incorrect string value: '${SECRET}' for column 'a' at row 1`), {
      code: 'ER_TRUNCATED_WRONG_VALUE_FOR_FIELD',
    }),
    'Incorrect string value',
    'ER_TRUNCATED_WRONG_VALUE_FOR_FIELD',
  ],
  [
    'a statement that MariaDB cannot read',
    Object.assign(new Error(`the right syntax to use near '${SECRET}' at line 3`), {
      code: 'ER_PARSE_ERROR',
      sql: SECRET,
    }),
    'the right syntax to use',
    'ER_PARSE_ERROR',
  ],
  [
    'a statement of TypeORM',
    new QueryFailedError('insert …', [SECRET], databaseError('violates "picky"', '23514')),
    'violates "picky"',
    '23514',
  ],
  [
    'a statement of Drizzle',
    new DrizzleQueryError('insert …', [SECRET], databaseError('violates "picky"', '23514')),
    'violates "picky"',
    '23514',
  ],
  [
    'a URL',
    Object.assign(new TypeError('Invalid URL'), { code: 'ERR_INVALID_URL', input: SECRET }),
    'Invalid URL',
    'ERR_INVALID_URL',
  ],
  ['a URL in the message', new Error(`no redis://:${SECRET}@localhost`), 'no redis://…', undefined],
  [
    'a cause that does',
    new Error('not sent', { cause: Object.assign(new Error('why'), { args: [SECRET] }) }),
    'not sent',
    undefined,
  ],
];

describe('when an error of an engine carries what was sent', () => {
  it.each(carrying)(
    'tells text, name, code and place without it: %s',
    (_, error, message, code) => {
      const told = withoutPayload(error) as Error & { code?: unknown };
      expect([told.message, told.code]).toEqual([message, code]);
      expect(told.stack).toMatch(/^\w+: .+\n +at /);
      expect(inspect(told, { depth: 10, showHidden: true })).not.toContain(SECRET);
    },
  );

  it.each(carrying)(
    'is without it, and of its class, when that is taken away: %s',
    (_, error, message) => {
      const { constructor } = error;
      removePayload(error);
      expect(error).toMatchObject({ constructor, message });
      expect(inspect(error, { depth: 10, showHidden: true })).not.toContain(SECRET);
      expect(withoutPayload(error)).toBe(error);
    },
  );

  it('keeps the names of tables and constraints', () => {
    expect(withoutPayload(databaseError('violates', '23514'))).toMatchObject({ table: 'job' });
  });
});

describe('when it carries nothing', () => {
  it.each([
    new Error('plain'),
    Object.assign(new Error('connect ECONNREFUSED'), {
      code: 'ECONNREFUSED',
      syscall: 'connect',
      port: 1,
    }),
    new AggregateError([new Error('::1'), new Error('127.0.0.1')], 'connect'),
  ])('is left as it is: %p', (error) => {
    expect(withoutPayload(error)).toBe(error);
  });

  it('becomes an error where it is none', () => {
    expect(withoutPayload('no amqp://guest:secret@localhost')).toEqual(new Error('no amqp://…'));
    const failure = { err: new Error('ACCESS_REFUSED'), url: `amqp://guest:${SECRET}@localhost` };
    expect(withoutPayload(failure)).toEqual(new Error('ACCESS_REFUSED'));
    expect(withoutPayload({ args: [SECRET] })).toEqual(
      new Error('The engine failed without an error.'),
    );
  });
});
