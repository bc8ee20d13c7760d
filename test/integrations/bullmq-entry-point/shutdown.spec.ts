import { Processor, WorkerHost } from '@nestjs/bullmq';
import type { Job } from 'bullmq';
import { AirlockModule, type AirlockModuleOptions } from 'nestjs-airlock';
import {
  bootModule,
  checkAfterEach,
  delay,
  Effects,
  gate,
  moduleOf,
  until,
} from '../../e2e/http/fixtures.js';
import { describeWith, redis } from '../../servers.js';
import { Jobs } from './jobs.js';

let begun: string[] = [];
let go = gate();

@Processor('work', { concurrency: 5 })
class WorkProcessor extends WorkerHost {
  constructor(private readonly effects: Effects) {
    super();
  }
  async process({ id }: Job): Promise<void> {
    begun.push(id!);
    this.effects.one(id!);
    await go.passed;
    await delay(Number(id) % 7);
  }
}

describeWith(redis, 'an application that takes BullMQ jobs', () => {
  const jobs = new Jobs();
  beforeAll(() => jobs.open());
  afterAll(() => jobs.close());
  // Before the application is closed, which waits for what is at work.
  afterEach(() => go.open());
  checkAfterEach();
  beforeEach(() => {
    begun = [];
    go = gate();
  });

  const start = (options?: AirlockModuleOptions) =>
    bootModule(
      moduleOf({
        imports: [AirlockModule.forRoot(options), ...jobs.modules()],
        providers: [WorkProcessor],
      }),
    );

  describe('when it is closed in the middle of them', () => {
    it('loses no job and no effect: it ends those it has, and another takes the rest', async () => {
      const first = await start();
      const added: Job[] = [];
      for (let index = 0; index < 40; index++) added.push(await jobs.add('work'));
      await until(() => begun.length === 5);
      const closing = first.app.close();
      await delay(20);
      go.open();
      await closing;
      const ofFirst = [...first.sent];
      expect(ofFirst.toSorted()).toEqual([...begun].toSorted());

      const second = await start();
      for (const job of added) {
        expect(await jobs.ended('work', job)).toMatchObject({
          state: 'completed',
          attemptsMade: 1,
        });
      }
      expect([...ofFirst, ...second.sent].toSorted()).toEqual(
        added.map(({ id }) => id!).toSorted(),
      );
      expect(second.sent.length).toBeGreaterThan(0);
    });
  });

  describe('when a job takes longer than `shutdownTimeoutMs`', () => {
    it('names it and what it has not let out, and the job still ends as one', async () => {
      const { app, log, sent } = await start({ shutdownTimeoutMs: 50 });
      const job = await jobs.add('work');
      await until(() => begun.length === 1);
      const closing = app.close();
      await until(() => log.airlock('error').length > 0);
      expect(log.airlock('error')).toEqual([
        `Shutting down with scopes that did not end within 50 ms (\`shutdownTimeoutMs\`): "WorkProcessor.process" (open, not out: ${job.id})`,
      ]);
      go.open();
      await closing;
      expect({ ...(await jobs.ended('work', job)), sent }).toMatchObject({
        state: 'completed',
        sent: [job.id],
      });
    });
  });
});
