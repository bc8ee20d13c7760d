import {
  AirlockOptionsError,
  AirlockService,
  type DispatchError,
  EngineUnreachableError,
  InProcessExecutor,
  openFrame,
} from 'nestjs-airlock';
import {
  type AirlockOutboxOptions,
  AirlockOutboxModule,
  OutboxTableError,
} from 'nestjs-airlock/outbox';
import { Pool } from 'pg';
import { describeWith, postgres } from '../../servers.js';
import { errorOf } from '../../unit/core/fixtures.js';
import { type OutboxClient, rowsOf } from './client.js';
import { connectPg } from './clients/pg.js';
import { boot, Courier, Mail } from './fixtures.js';

describeWith(postgres, 'AirlockOutboxModule', () => {
  let client: OutboxClient;

  beforeAll(async () => {
    client = await connectPg();
    await client.connection.query('create table wrong (id text primary key)', []);
  });

  afterAll(() => client?.close());

  const refusal = (outbox: object): Promise<Error> =>
    errorOf(async () => {
      const app = await boot(client, { outbox: outbox as Partial<AirlockOutboxOptions> });
      await app.close();
    });

  describe('when it cannot work', () => {
    it.each([
      ['an option that it does not know', { tabel: 'x' }, 'Unknown option `tabel`'],
      [
        'a database that it does not know',
        { dialect: 'oracle' },
        "Expected `dialect` to be 'postgres' or",
      ],
      [
        'no connection',
        { connection: undefined },
        'Expected `connection` to be an object with a method `query`',
      ],
      ['an object that asks nothing', { connection: {} }, 'Expected `connection`'],
      [
        'a token of what asks nothing',
        { connection: AirlockService },
        'docs/integrations/outbox.md',
      ],
      ['a token of nothing', { connection: 'POOL' }, 'found no provider `POOL`'],
      ['a name that is none', { table: '' }, 'Expected `table` to be the name of a table'],
      [
        'an executor that does not leave the process',
        { executor: { execute: () => {} } },
        'which does not leave the process',
      ],
      ['a function for an executor', { executor: () => {} }, 'Expected `executor`'],
      ['an interval that is none', { sweepIntervalMs: 0 }, 'Expected `sweepIntervalMs`'],
    ])('refuses %s', async (_, outbox, text) => {
      const error = await refusal(outbox);
      expect(error).toBeInstanceOf(AirlockOptionsError);
      expect(error.message).toContain(text);
    });

    it.each([
      ['no table', { table: 'absent', createTable: false }, 'the table "absent"'],
      ['a table with other columns', { table: 'wrong', createTable: false }, 'the table "wrong"'],
      ['no schema', { schema: 'nowhere' }, 'the table "nowhere"."airlock_outbox"'],
    ])('refuses %s at the start, and says how to create it', async (_, outbox, text) => {
      const error = await refusal(outbox);
      expect(error).toBeInstanceOf(OutboxTableError);
      expect(error.message).toContain(text);
      expect(error.message).toContain('`npx nestjs-airlock outbox-sql postgres`');
      expect(error).toMatchObject({ code: 'AIRLOCK_OUTBOX_TABLE' });
    });

    // The second is also PostgreSQL's code for a right that is missing.
    it.each([1, 42_501])('says that the database is down, in time: port %i', async (port) => {
      const pool = new Pool({ host: '127.0.0.1', port, user: 'nobody' });
      const error = await refusal({ connection: pool, dispatchTimeoutMs: 300 });
      expect(error).toBeInstanceOf(EngineUnreachableError);
      expect(error.message).toContain('The database of the outbox did not answer within 300 ms');
      await pool.end();
    });

    it('is imported once', async () => {
      const again = AirlockOutboxModule.forRoot({
        dialect: 'postgres',
        connection: client.connection,
      });
      const error = await errorOf<Error>(() => boot(client, { imports: [again] }));
      expect(error.message).toContain('`AirlockOutboxModule.forRoot()` is imported 2 times');
    });
  });

  describe('when a transaction cannot be written in', () => {
    const inFrame = async (options: Parameters<typeof openFrame>[0]): Promise<readonly Error[]> => {
      const app = await boot(client, { outbox: { executor: new Courier() } });
      const frame = openFrame(options);
      try {
        return await app.get(AirlockService).run(async () => {
          await frame.run(() => app.get(Mail).send('a'));
          const error = await errorOf<DispatchError>(() => frame.beforeCommit());
          frame.rollBack();
          return error.failures.map((failure) => failure.error as Error);
        });
      } finally {
        await app.close();
      }
    };

    it('fails the commit where its frame has no connection', async () => {
      const [error] = await inFrame({ name: 'orders database' });
      expect(error!.message).toContain('"orders database" are to be written to the outbox');
      expect(error!.message).toContain('its frame has no `connection`');
    });

    it('fails the commit of another database', async () => {
      const connection = { dialect: 'mysql', executeSql: async () => ({ rows: [] }) } as const;
      const [error] = await inFrame({ name: 'orders database', connection });
      expect(error!.message).toContain('it is one of MySQL or MariaDB');
    });

    it('fails the commit where the table is gone, and nothing gets out', async () => {
      const courier = new Courier();
      const app = await boot(client, {
        outbox: { executor: courier, table: 'passing', sweepIntervalMs: false },
      });
      await client.connection.query('drop table passing', []);
      const error = await errorOf<DispatchError>(() =>
        app.get(AirlockService).run(() => client.transaction(() => app.get(Mail).send('a'))),
      );
      expect(error.failures.map((failure) => failure.error)).toEqual([
        expect.any(OutboxTableError),
      ]);
      expect(courier.texts).toEqual([]);
      await app.close();
    });
  });

  describe('when arguments cannot be written', () => {
    it('refuses the call where it is made', async () => {
      const app = await boot(client, {
        outbox: { executor: InProcessExecutor, maxPayloadBytes: 100 },
      });
      const calls = async (): Promise<readonly string[]> => {
        const mail = app.get(Mail);
        const errors = [];
        for (const text of [new Date(), 'x'.repeat(200)])
          errors.push((await errorOf<Error>(() => mail.send(text))).message);
        return errors;
      };
      const [date, large] = await app.get(AirlockService).run(() => client.transaction(calls));
      expect(date).toContain('`args[0]` is an instance of Date');
      expect(large).toContain('`maxPayloadBytes` is 100');
      expect(await rowsOf(client, 'select * from airlock_outbox')).toEqual([]);
      await app.close();
    });
  });
});
