import { AirlockService, DispatchError, type Intent } from 'nestjs-airlock';
import { Mail } from '../integrations/pg-boss/mail.js';
import {
  boot,
  type Database,
  jobsIn,
  onPostgres,
} from '../integrations/pg-boss/pg-boss.fixtures.js';
import { describeWith, postgres } from '../servers.js';
import { errorOf } from '../unit/core/fixtures.js';

const queueFor = ({ args: [queue] }: Intent): string => String(queue);

describeWith(postgres, 'A transaction with jobs for two queues of pg-boss', () => {
  describe('when the first write fails, and the second one since that has aborted the transaction', () => {
    const orderWhere = async (code: string): Promise<unknown> => {
      const database = onPostgres(12);
      const app = await boot({
        pgBoss: {
          boss: database.boss(),
          queues: { full: {}, other: {} },
          queueFor,
        },
        providers: [Mail],
      });
      const mail = app.get(Mail);
      await refuseJobsOf('full', database, code);
      const error = await errorOf(() =>
        app.get(AirlockService).run(() =>
          database.db.transaction(async () => {
            await mail.send('full');
            await mail.send('other');
          }),
        ),
      );
      expect(await jobsIn(database)).toEqual([]);
      await app.close();
      await database.close();
      return error;
    };

    it('tells of both', async () => {
      const error = await orderWhere('P0001');
      expect(error).toBeInstanceOf(DispatchError);
      expect((error as DispatchError).failures.map((failure) => String(failure.error))).toEqual([
        expect.stringContaining('no room'),
        expect.stringContaining('aborted'),
      ]);
    });

    it('tells of a conflict by the error of the database', async () => {
      expect(await orderWhere('40001')).toMatchObject({ cause: { code: '40001' } });
    });
  });
});

async function refuseJobsOf(queue: string, { schema, query }: Database, code: string) {
  await query(
    `create function ${schema}.refuse() returns trigger language plpgsql as
      $$ begin raise exception 'no room' using errcode = '${code}'; end $$`,
  );
  await query(
    `create trigger refuse before insert on ${schema}.job for each row
      when (new.name = '${queue}') execute function ${schema}.refuse()`,
  );
}
