import { Injectable } from '@nestjs/common';
import { AirlockService, SideEffect } from 'nestjs-airlock';
import { boot, type Database, onPglite, until } from './pg-boss.fixtures.js';

@Injectable()
class Steps {
  readonly taken: string[] = [];

  @SideEffect()
  async take(step: string): Promise<void> {
    this.taken.push(step);
  }
}

describe('when jobs of one moment have to run in the order of their calls, on pg-boss 12', () => {
  let database: Database;
  beforeAll(() => void (database = onPglite()));
  afterAll(() => database.close());

  it('runs them so from a queue of policy key_strict_fifo, under one singletonKey', async () => {
    const app = await boot({
      pgBoss: {
        boss: database.boss(),
        queues: { airlock: { notify: true, policy: 'key_strict_fifo' } },
        jobOptions: { singletonKey: 'steps' },
        worker: { pollingIntervalSeconds: 0.5 },
      },
      providers: [Steps],
    });
    const steps = app.get(Steps);
    const expected: string[] = [];
    for (let round = 0; round < 8; round++) {
      await app.get(AirlockService).run(async () => {
        for (let step = 0; step < 4; step++) {
          expected.push(`${round}.${step}`);
          await steps.take(`${round}.${step}`);
        }
      });
      // A row that is settled leaves its place in the table to the next: what is read in the order
      // of the table is then no order.
      await until(() => steps.taken.length === expected.length);
    }
    expect(steps.taken).toEqual(expected);
    await app.close();
  }, 60_000);
});
