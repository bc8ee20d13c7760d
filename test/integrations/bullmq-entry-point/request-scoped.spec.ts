import { Processor, WorkerHost } from '@nestjs/bullmq';
import { Inject, Injectable, Scope } from '@nestjs/common';
import { REQUEST } from '@nestjs/core';
import type { Job } from 'bullmq';
import { AirlockModule, EffectBuffer } from 'nestjs-airlock';
import { bootModule, checkAfterEach, Effects, moduleOf } from '../../e2e/http/fixtures.js';
import { describeWith, redis } from '../../servers.js';
import { isCollected } from '../../unit/core/fixtures.js';
import { Jobs } from './jobs.js';

interface Order {
  readonly tenant: string;
}

/** Made for each job, where it can be. */
@Injectable({ scope: Scope.REQUEST })
class Tenant {
  readonly name: string;
  constructor(@Inject(REQUEST) { data }: Job<Order>) {
    if (data.tenant === 'unknown') throw new Error('there is no tenant "unknown"');
    this.name = data.tenant;
  }
}

@Processor({ name: 'orders', scope: Scope.REQUEST }, { concurrency: 2 })
class OrderProcessor extends WorkerHost {
  @Inject(Effects) private readonly effects!: Effects;
  @Inject(Tenant) private readonly tenant!: Tenant;

  async process(): Promise<string> {
    this.effects.one(this.tenant.name);
    return this.tenant.name;
  }
}

@Processor('others')
class OtherProcessor extends WorkerHost {
  constructor(private readonly effects: Effects) {
    super();
  }
  async process(): Promise<void> {
    this.effects.one('other');
  }
}

let made: WeakRef<object>[] = [];

@Processor({ name: 'passing', scope: Scope.REQUEST })
class PassingProcessor extends WorkerHost {
  async process(): Promise<void> {
    made.push(new WeakRef(this));
  }
}

class Missing {}

@Processor({ name: 'unresolvable', scope: Scope.REQUEST })
class UnresolvableProcessor extends WorkerHost {
  constructor(
    readonly buffer: EffectBuffer,
    readonly missing: Missing,
  ) {
    super();
  }
  async process(): Promise<void> {}
}

describeWith(redis, 'a request-scoped BullMQ processor', () => {
  const jobs = new Jobs();
  beforeAll(() => jobs.open());
  afterAll(() => jobs.close());
  checkAfterEach();

  const appWith = (...providers: NonNullable<Parameters<typeof moduleOf>[0]['providers']>) =>
    moduleOf({ imports: [...jobs.modules(), AirlockModule.forRoot()], providers });

  describe('when it cannot be made for a job', () => {
    it('fails that job with the error, runs its other jobs, and leaves the application alive', async () => {
      const { sent } = await bootModule(appWith(OrderProcessor, Tenant, OtherProcessor));
      const unknown = await jobs.add('orders', { tenant: 'unknown' }, { attempts: 2 });
      const known = await jobs.add('orders', { tenant: 'acme' });
      expect(await jobs.ended('orders', unknown)).toMatchObject({
        state: 'failed',
        attemptsMade: 2,
        failedReason: 'there is no tenant "unknown"',
      });
      expect(await jobs.ended('orders', known)).toMatchObject({
        state: 'completed',
        returnvalue: 'acme',
      });
      expect(await jobs.ended('others', await jobs.add('others'))).toMatchObject({
        state: 'completed',
      });
      expect(sent).toEqual(['acme', 'other']);
    });
  });

  describe('when a job of it has ended', () => {
    it('keeps none of the instances that were made for one', async () => {
      made = [];
      await bootModule(appWith(PassingProcessor));
      for (let index = 0; index < 3; index++)
        await jobs.ended('passing', await jobs.add('passing'));
      // The last job is BullMQ's until the next one comes.
      expect(made).toHaveLength(3);
      for (const instance of made.slice(0, -1)) expect(await isCollected(instance)).toBe(true);
    });
  });

  describe('when a dependency of it is missing', () => {
    it('names both: as it boots, or as the reason of its jobs where Nest looks no earlier', async () => {
      expect(await complaint()).toMatch(
        /dependencies of the UnresolvableProcessor \(EffectBuffer, \?\)[^]*Missing/,
      );
    });
  });

  async function complaint(): Promise<string> {
    try {
      await bootModule(appWith(UnresolvableProcessor));
    } catch (error) {
      return (error as Error).message;
    }
    const { failedReason } = await jobs.ended('unresolvable', await jobs.add('unresolvable'));
    return failedReason!;
  }
});
