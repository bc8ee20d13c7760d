import { AirlockService, type Executor, type Intent } from 'nestjs-airlock';
import { boot, checkAfterEach, Effects } from '../e2e/http/fixtures.js';
import { describeWith, postgres } from '../servers.js';
import { type Client, clients } from './postgres-clients.js';

// `await manager.query('ROLLBACK')` in a transaction of the client, for a dry run as a rule: the client
// knows nothing of it, and PostgreSQL answers the COMMIT that follows with a warning.

/** Writes through the transaction, as the outbox does. */
class Writing implements Executor {
  readonly transactional = true;
  readonly written: string[] = [];

  execute({ name }: Intent): void {
    this.written.push(name);
  }
}

checkAfterEach();

describeWith(postgres, 'when a statement ends a transaction behind the back of its client', () => {
  describe.each(Object.entries(clients))('%s', (_name, connect) => {
    let client: Client;
    beforeAll(async () => {
      client = await connect();
    });
    afterAll(() => client.close());

    it.each([
      'ROLLBACK',
      'rollback work;',
      'COMMIT',
      'ROLLBACK AND CHAIN',
      'ROLLBACK /* dry run */',
      '-- dry run\nROLLBACK',
      '/* dry * run */ abort',
    ])('lets no effect out, for its rows may be gone, and says so: %s', async (statement) => {
      const { app, sent, log } = await boot({});
      await app.get(AirlockService).run(() =>
        client.transaction(async (tx) => {
          app.get(Effects, { strict: false }).one('mail');
          await tx.query(statement);
        }),
      );
      expect(sent).toEqual([]);
      expect(log.airlock('warn')).toEqual([expect.stringContaining('was over before its client')]);
    });

    it('lets no effect out where another transaction was begun in its place', async () => {
      const { app, sent } = await boot({});
      await app.get(AirlockService).run(() =>
        client.transaction(async (tx) => {
          app.get(Effects, { strict: false }).one('mail');
          await tx.query('ROLLBACK');
          await tx.query('BEGIN');
        }),
      );
      expect(sent).toEqual([]);
    });

    it.each(['rollback', 'commit'])(
      'lets no effect out where a procedure tries to, and its error is swallowed: %s',
      async (statement) => {
        const { app, sent, log } = await boot({});
        const work = app.get(AirlockService).run(() =>
          client.transaction(async (tx) => {
            app.get(Effects, { strict: false }).one('mail');
            // Drizzle has the message of the server in the cause of its own.
            const answer = (async () => tx.query(`do $$ begin ${statement}; end $$`))();
            await expect(answer).rejects.toThrow(/invalid transaction termination|Failed query/);
          }),
        );
        // Kysely says that it was rolled back; the others do not.
        await work.catch(() => {});
        expect([sent, log.airlock('warn')]).toEqual([[], []]);
      },
    );

    it('writes nothing for a transactional executor, which would be outside of it', async () => {
      const executor = new Writing();
      const { app } = await boot({}, { executor });
      await app.get(AirlockService).run(() =>
        client.transaction(async (tx) => {
          app.get(Effects, { strict: false }).one('mail');
          await tx.query('ROLLBACK');
        }),
      );
      expect(executor.written).toEqual([]);
    });

    it('lets effects out where it went back to a savepoint only', async () => {
      const { app, sent, log } = await boot({});
      await app.get(AirlockService).run(() =>
        client.transaction(async (tx) => {
          app.get(Effects, { strict: false }).one('mail');
          await tx.query('SAVEPOINT one');
          await tx.query('ROLLBACK TO SAVEPOINT one');
          await tx.query('rollback work to one');
        }),
      );
      expect([sent, log.airlock('warn')]).toEqual([['mail'], []]);
    });
  });
});
