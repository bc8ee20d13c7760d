import { type INestApplicationContext, Injectable } from '@nestjs/common';
import { SideEffect } from 'nestjs-airlock';
import { AirlockOutbox } from 'nestjs-airlock/outbox';
import { type OutboxClient, rowsOf } from '../integrations/outbox/client.js';
import { connectPg } from '../integrations/outbox/clients/pg.js';
import { boot, Courier, Mail } from '../integrations/outbox/fixtures.js';
import { Lines, until } from '../integrations/remote.js';
import { describeWith, postgres } from '../servers.js';

// In a rolling deploy, and where web and worker processes have different modules, a process sweeps up
// rows of effects that only others have. It counted that as a failure of the effect, with longer and
// longer pauses, and gave it up in the end.

@Injectable()
class Reports {
  readonly made: unknown[] = [];

  @SideEffect({ name: 'reports.make' })
  async make(day: string): Promise<void> {
    this.made.push(day);
  }
}

describeWith(postgres, 'when an outbox holds an effect that only another process has', () => {
  const settings = { sweepIntervalMs: 10, retryDelayMs: 5, maxAttempts: 3 };
  let client: OutboxClient;
  const apps: INestApplicationContext[] = [];
  beforeEach(async () => {
    client = await connectPg();
  });
  afterEach(async () => {
    for (const app of apps.splice(0)) await app.close();
    await client.close();
  });

  it.each([
    ['runs it itself', {}],
    ['hands it to an engine', { executor: new Courier() }],
  ])('leaves it to that one for as long as it takes, where it %s', async (_how, outbox) => {
    const lines = new Lines();
    const old = await boot(client, { outbox: { ...settings, ...outbox }, lines });
    apps.push(old);
    const envelope = { v: 1, id: 'x:1', effect: 'reports.make', args: ['monday'], at: 'now' };
    await client.connection.query(
      'insert into airlock_outbox (id, position, effect, envelope, written_at, due_at) values ($1, 1, $2, $3, 1, 1)',
      ['x:1', 'reports.make', JSON.stringify(envelope)],
    );
    const looks = new Set<unknown>();
    const lookedOften = async (): Promise<boolean> => {
      const [row] = await rowsOf(client, 'select due_at from airlock_outbox where not held');
      if (row !== undefined) looks.add(row['due_at']);
      return looks.size > 4;
    };
    await until(lookedOften);
    expect(await old.get(AirlockOutbox).stuck()).toMatchObject([
      { effect: 'reports.make', attempts: 1, nextAt: expect.any(Date) },
    ]);
    expect(lines.of('error')).toHaveLength(1);

    const courier = new Courier();
    const next = await boot(client, {
      outbox: { ...settings, ...('executor' in outbox && { executor: courier }) },
      providers: [Mail, Reports],
    });
    apps.push(next);
    const done = (): readonly unknown[] => [...next.get(Reports).made, ...courier.texts];
    await until(() => done().length > 0);
    await until(async () => (await rowsOf(client, 'select id from airlock_outbox')).length === 0);
    expect(done()).toEqual(['monday']);
  });

  it('logs the first failure of the effect itself, although that is the second of the row', async () => {
    const lines = new Lines();
    const old = await boot(client, { outbox: settings });
    const left = { v: 1, id: 'x:1', effect: 'reports.make', args: ['monday'], at: 'now' };
    await client.connection.query(
      'insert into airlock_outbox (id, position, effect, envelope, written_at, due_at) values ($1, 1, $2, $3, 1, 1)',
      ['x:1', 'reports.make', JSON.stringify(left)],
    );
    await until(async () => (await old.get(AirlockOutbox).stuck()).length === 1);
    await old.close();

    class Broken extends Reports {
      @SideEffect({ name: 'reports.make' })
      override async make(): Promise<void> {
        throw new Error('no printer');
      }
    }
    const next = await boot(client, { outbox: settings, providers: [Mail, Broken], lines });
    apps.push(next);
    await until(async () => (await next.get(AirlockOutbox).stuck())[0]?.nextAt === undefined);
    expect(lines.of('error')).toEqual([
      expect.stringContaining('failed and stays in the outbox'),
      expect.stringContaining('is not tried again by itself'),
    ]);
  });

  it('says so once for each effect, where a row has failed before for another reason', async () => {
    const lines = new Lines();
    const row = async (id: string): Promise<void> => {
      const left = { v: 1, id, effect: 'reports.make', args: ['monday'], at: 'now' };
      await client.connection.query(
        "insert into airlock_outbox (id, position, effect, envelope, written_at, due_at, attempts, error) values ($1, 1, $2, $3, 1, 1, 1, 'no printer')",
        [id, 'reports.make', JSON.stringify(left)],
      );
    };
    const renamed = await boot(client, {
      outbox: { ...settings, sweepIntervalMs: false },
      lines,
    });
    apps.push(renamed);
    const outbox = renamed.get(AirlockOutbox);
    for (const id of ['x:1', 'x:2']) await row(id);
    for (let sweeps = 0; sweeps < 3; sweeps++) {
      await client.connection.query('update airlock_outbox set due_at = 1', []);
      await outbox.sweep();
    }
    expect(lines.of('warn').filter((line) => line.includes('is left to'))).toEqual([
      expect.stringMatching(/"reports.make" \(x:\d\) is left to other processes: .* has not/),
    ]);
    expect(await outbox.stuck()).toMatchObject(
      ['x:1', 'x:2'].map((id) => ({ id, attempts: 1, error: 'no printer' })),
    );
  });
});
