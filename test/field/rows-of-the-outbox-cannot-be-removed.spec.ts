import { randomUUID } from 'node:crypto';
import type { INestApplicationContext } from '@nestjs/common';
import { AirlockService } from 'nestjs-airlock';
import { AirlockOutbox, type AirlockOutboxOptions } from 'nestjs-airlock/outbox';
import { type OutboxClient, rowsOf } from '../integrations/outbox/client.js';
import { connectPg } from '../integrations/outbox/clients/pg.js';
import { boot, Courier, Mail } from '../integrations/outbox/fixtures.js';
import { Lines, until } from '../integrations/remote.js';
import { outboxSqlOf } from '../../lib/integrations/outbox/sql/outbox-sql.js';
import { describeWith, postgres } from '../servers.js';

const CANCEL = `
create function keep() returns trigger language plpgsql as 'begin return null; end';
create trigger keep before delete on airlock_outbox for each row execute function keep()`;

describeWith(postgres, 'when rows of the outbox cannot be removed, and DELETE is no error', () => {
  let owner: OutboxClient;
  let user: OutboxClient;
  let role: string;
  let schema: string;
  let app: INestApplicationContext;
  let lines: Lines;
  let courier: Courier;

  const run = (sql: string) => owner.connection.query(sql, []);

  beforeEach(async () => {
    owner = await connectPg();
    for (const sql of outboxSqlOf('postgres').create) await run(sql);
    [{ schema }] = (await rowsOf(owner, 'select current_schema() as schema')) as [
      { schema: string },
    ];
    role = `user_${randomUUID().slice(0, 8)}`;
    await run(`create role ${role} login`);
    await run(`grant usage on schema ${schema} to ${role}`);
    await run(`grant all on airlock_outbox to ${role}`);
    user = await connectPg({ role, search_path: schema });
    lines = new Lines();
    courier = new Courier();
  });

  afterEach(async () => {
    await app.close();
    await user.close();
    await run(`drop owned by ${role}; drop role ${role}`);
    await owner.close();
  });

  const start = async (client: OutboxClient, options: Partial<AirlockOutboxOptions> = {}) => {
    const outbox = { executor: courier, createTable: false, sweepIntervalMs: 20, ...options };
    app = await boot(client, { outbox, lines });
    return (...texts: string[]) =>
      app.get(AirlockService).run(() =>
        client.transaction(async () => {
          for (const text of texts) await app.get(Mail).send(text);
        }),
      );
  };
  const told = () => lines.all.filter(([, text]) => text.includes('row(s) of the outbox'));
  const missed = () => lines.all.filter(([, text]) => text.includes('are not in the table'));
  const rows = () => rowsOf(owner, 'select * from airlock_outbox');

  it('hands each over no more than twice, lists it, and says so once: a trigger', async () => {
    await run(CANCEL);
    const send = await start(owner, { sweepAfterMs: 100 });
    await send('a', 'b');
    await send('c');
    const outbox = app.get(AirlockOutbox);
    await until(async () => (await outbox.stuck()).length === 3);
    const [stuck] = await outbox.stuck();
    expect(stuck).toMatchObject({ attempts: 1, nextAt: undefined });
    expect(stuck!.error).toContain('It was handed over');
    for (const text of ['a', 'b', 'c']) {
      const times = courier.texts.filter((one) => one === text).length;
      expect(times).toBeGreaterThan(0);
      expect(times).toBeLessThan(3);
    }
    expect(told()).toHaveLength(1);
  });

  it('does so where policies of row level security allow all but the DELETE', async () => {
    await run(`alter table airlock_outbox enable row level security`);
    for (const command of ['select', 'insert', 'update'])
      await run(
        `create policy ${command}s on airlock_outbox for ${command} ${command === 'insert' ? 'with check' : 'using'} (true)`,
      );
    const send = await start(user, { sweepAfterMs: 100 });
    await send('a');
    const outbox = app.get(AirlockOutbox);
    await until(async () => (await outbox.stuck()).length === 1);
    expect(told()).toHaveLength(1);
  });

  it('says so once where a policy allows INSERT only, so that nothing is found after a crash', async () => {
    await run(`alter table airlock_outbox enable row level security`);
    await run('create policy inserts on airlock_outbox for insert with check (true)');
    const send = await start(user);
    for (const text of ['a', 'b', 'c', 'd']) {
      await send(text);
      await until(async () => missed().length > 0 || courier.taken.length > 0);
    }
    await until(async () => {
      await send('more');
      return missed().length > 0;
    });
    await send('e');
    expect(missed()).toHaveLength(1);
    expect((await rows()).length).toBe(courier.taken.length);
  });

  it('says nothing where the owner of the table sees all of it', async () => {
    await run(`alter table airlock_outbox enable row level security`);
    const send = await start(owner);
    for (const text of ['a', 'b', 'c']) {
      await send(text);
      await until(async () => (await rows()).length === 0);
    }
    expect([...told(), ...missed()]).toEqual([]);
  });
});
