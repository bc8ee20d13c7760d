import { OnWorkerEvent, Processor, WorkerHost } from '@nestjs/bullmq';
import { DelayedError, type Job, RateLimitError, UnrecoverableError } from 'bullmq';
import {
  AirlockModule,
  AirlockService,
  AssertNoEffects,
  currentScope,
  EffectBuffer,
  SideEffect,
} from 'nestjs-airlock';
import { bootModule, checkAfterEach, Effects, moduleOf, until } from '../../e2e/http/fixtures.js';
import { describeWith, redis } from '../../servers.js';
import { Jobs } from './jobs.js';

/** The scopes that listeners of the worker were called in, the innermost first. */
const heardIn: Record<string, readonly (string | undefined)[]> = {};
/** What the buffer held when each attempt began. */
const foundAtStart: string[][] = [];

type Ends = 'for good' | 'later' | 'later, nested' | 'later, refused' | 'limited';

function scopesHere(): readonly (string | undefined)[] {
  const names: (string | undefined)[] = [];
  for (let scope = currentScope(); scope !== undefined; scope = scope.parent)
    names.push(scope.name);
  return names;
}

class Note {
  @SideEffect()
  async send(): Promise<void> {}
}

@Processor('trials')
class TrialProcessor extends WorkerHost {
  constructor(
    private readonly effects: Effects,
    private readonly buffer: EffectBuffer,
    private readonly airlock: AirlockService,
    private readonly note: Note,
  ) {
    super();
  }

  async process(job: Job<{ succeedsAt?: number; ends?: Ends }>, token: string): Promise<string> {
    foundAtStart.push(this.buffer.intents.map(({ name }) => name));
    const attempt = job.attemptsStarted;
    this.effects.one(`done in ${attempt}`);
    this.effects.one(`alarm in ${attempt}`, 'failure');
    await job.updateProgress(50);
    if (attempt === job.data.succeedsAt) return 'done';
    if (job.data.ends === 'for good') throw new UnrecoverableError('not to be tried again');
    const putOff = async (): Promise<never> => {
      await job.moveToDelayed(Date.now() + 1, token);
      throw new DelayedError();
    };
    if (job.data.ends === 'later') return putOff();
    if (job.data.ends === 'later, nested') {
      return this.airlock.run(() => {
        this.effects.one(`nested in ${attempt}`);
        return putOff();
      });
    }
    if (job.data.ends === 'later, refused') {
      this.buffer.withPolicy(AssertNoEffects, () => void this.note.send());
      return putOff();
    }
    if (job.data.ends === 'limited') {
      await this.worker.rateLimit(1);
      throw new RateLimitError();
    }
    throw new Error(`attempt ${attempt} failed`);
  }

  @OnWorkerEvent('completed')
  onCompleted(): void {
    heardIn.completed = scopesHere();
  }

  @OnWorkerEvent('progress')
  onProgress(): void {
    heardIn.progress = scopesHere();
  }
}

describeWith(redis, 'the attempts of a BullMQ job', () => {
  const jobs = new Jobs();
  beforeAll(() => jobs.open());
  afterAll(() => jobs.close());
  checkAfterEach();
  beforeEach(() => {
    foundAtStart.length = 0;
    delete heardIn.completed;
    delete heardIn.progress;
  });

  const start = () =>
    bootModule(
      moduleOf({
        imports: [...jobs.modules(), AirlockModule.forRoot()],
        providers: [TrialProcessor, Note],
      }),
    );

  describe('when attempts fail and one succeeds', () => {
    it('lets out the effects of that one, once, and of each other what waits for failure', async () => {
      const { sent } = await start();
      const job = await jobs.add('trials', { succeedsAt: 3 }, { attempts: 5 });
      expect(await jobs.ended('trials', job)).toMatchObject({
        state: 'completed',
        attemptsMade: 3,
        returnvalue: 'done',
      });
      expect(sent).toEqual(['alarm in 1', 'alarm in 2', 'done in 3']);
    });

    it('begins each with an empty buffer', async () => {
      await start();
      await jobs.ended('trials', await jobs.add('trials', { succeedsAt: 3 }, { attempts: 3 }));
      expect(foundAtStart).toEqual([[], [], []]);
    });
  });

  describe('when all attempts fail', () => {
    it('lets out nothing that waits for success, and the queue keeps the last error', async () => {
      const { sent } = await start();
      const job = await jobs.add('trials', {}, { attempts: 2 });
      expect(await jobs.ended('trials', job)).toMatchObject({
        state: 'failed',
        failedReason: 'attempt 2 failed',
      });
      expect(sent).toEqual(['alarm in 1', 'alarm in 2']);
    });
  });

  describe('when the processor steers BullMQ by an error', () => {
    it('hands on one that forbids further attempts', async () => {
      const { sent } = await start();
      const job = await jobs.add('trials', { ends: 'for good' }, { attempts: 5 });
      expect(await jobs.ended('trials', job)).toMatchObject({ state: 'failed', attemptsMade: 1 });
      expect(sent).toEqual(['alarm in 1']);
    });

    it.each([
      ['puts the job off, and takes the attempt for done until then', 'later', ['done in 1']],
      ['puts it off in a scope of its own', 'later, nested', ['nested in 1', 'done in 1']],
      ['keeps a rate limit, and takes the attempt for one that failed', 'limited', ['alarm in 1']],
    ] as const)('hands on one that %s', async (_, ends, out) => {
      const { sent } = await start();
      const job = await jobs.add('trials', { ends, succeedsAt: 2 });
      expect(await jobs.ended('trials', job)).toMatchObject({
        state: 'completed',
        returnvalue: 'done',
      });
      expect([...sent].sort()).toEqual([...out, 'done in 2'].sort());
    });

    it('hands on one that puts the job off although a refused call has failed the attempt', async () => {
      const { sent, log } = await start();
      const job = await jobs.add('trials', { ends: 'later, refused', succeedsAt: 2 });
      expect(await jobs.ended('trials', job)).toMatchObject({ state: 'completed' });
      expect(sent).toEqual(['alarm in 1', 'done in 2']);
      expect(log.airlock('error').join()).toContain('AssertNoEffects');
    });
  });

  describe('when listeners of the worker hear of it', () => {
    it('opens a scope for each, within that of the job where the job calls it', async () => {
      await start();
      await jobs.ended('trials', await jobs.add('trials', { succeedsAt: 1 }));
      await until(() => 'completed' in heardIn);
      expect(heardIn).toEqual({
        completed: ['TrialProcessor.onCompleted'],
        progress: ['TrialProcessor.onProgress', 'TrialProcessor.process'],
      });
    });
  });
});
