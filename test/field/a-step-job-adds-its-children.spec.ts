import { randomUUID } from 'node:crypto';
import { BullModule, getQueueToken, InjectQueue, Processor, WorkerHost } from '@nestjs/bullmq';
import type { INestApplicationContext, LoggerService } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { AirlockModule, AirlockService, EffectBuffer } from 'nestjs-airlock';
import { outcomeOfJob } from 'nestjs-airlock/bullmq';
import { type Job, Queue, WaitingChildrenError } from 'bullmq';
import { until } from '../integrations/remote.js';

const ran: string[] = [];
let errors: unknown[] = [];
let way: 'add' | 'addBulk' | 'defer' = 'add';
let onDone: () => void;

@Processor('children')
class ChildProcessor extends WorkerHost {
  async process(job: Job): Promise<void> {
    ran.push(`child ${job.name}`);
  }
}

@Processor('steps')
class StepProcessor extends WorkerHost {
  constructor(
    @InjectQueue('children') private readonly children: Queue,
    private readonly effects: EffectBuffer,
  ) {
    super();
  }

  async process(job: Job<{ step?: string }>, token?: string): Promise<void> {
    if (job.data.step !== 'last') {
      const opts = { parent: { id: job.id!, queue: job.queueQualifiedName } };
      if (way === 'add') await this.children.add('a', {}, opts);
      else if (way === 'addBulk') await this.children.addBulk([{ name: 'a', data: {}, opts }]);
      else {
        for (const call of [
          () => this.effects.defer(this.children).add('a', {}, opts),
          () => this.effects.defer(this.children).addBulk([{ name: 'a', data: {}, opts }]),
        ]) {
          try {
            call();
          } catch (error) {
            errors.push(error);
          }
        }
      }
      // Of a call without a parent nothing changes: it gets out with the step that made it.
      this.effects.defer(this.children).add(`notice of ${job.id}`, {}, {});
      await job.updateData({ step: 'last' });
      if (await job.moveToWaitingChildren(token!)) throw new WaitingChildrenError();
    }
    ran.push('last step');
    onDone();
  }
}

const connection = { host: '127.0.0.1', port: 6379 };
const prefix = `steps-${randomUUID()}`;
let app: INestApplicationContext;
const warnings: string[] = [];

beforeAll(async () => {
  const logger = {
    log() {},
    error() {},
    warn: (text: string) => void warnings.push(text),
  } satisfies LoggerService;
  const module = await Test.createTestingModule({
    imports: [
      AirlockModule.forRoot({
        intercept: [{ token: getQueueToken('children'), methods: ['add', 'addBulk'] }],
      }),
      BullModule.forRoot({ connection, prefix }),
      BullModule.registerQueue({ name: 'steps' }, { name: 'children' }),
    ],
    providers: [StepProcessor, ChildProcessor],
  })
    .setLogger(logger)
    .compile();
  await module.init();
  app = module;
});
afterAll(async () => {
  await app.close();
  for (const name of ['steps', 'children']) {
    const queue = new Queue(name, { connection, prefix });
    await queue.obliterate({ force: true });
    await queue.close();
  }
});
beforeEach(() => {
  ran.length = warnings.length = 0;
  errors = [];
});

/** @returns the id of the job */
async function run(chosen: typeof way): Promise<string> {
  way = chosen;
  const done = new Promise<void>((resolve) => (onDone = resolve));
  const { id } = await app.get<Queue>(getQueueToken('steps')).add('order', {});
  await done;
  return id!;
}

describe('when a step job adds children of its own and waits for them', () => {
  it.each(['add', 'addBulk'] as const)(
    'has an intercepted `%s` pass at once, and runs its last step once',
    async (one) => {
      await run(one);
      expect(ran.filter((text) => !text.startsWith('child notice'))).toEqual([
        'child a',
        'last step',
      ]);
      expect(warnings.filter((text) => text.includes('buffered'))).toEqual([]);
    },
  );

  it('lets out what the step has called that then waits', async () => {
    const notice = `child notice of ${await run('add')}`;
    await until(() => ran.includes(notice));
    expect(ran.filter((text) => text === notice)).toHaveLength(1);
  });

  it('is refused a deferred child, with what to do instead', async () => {
    await run('defer');
    expect(errors).toMatchObject([
      {
        code: 'AIRLOCK_OPTIONS',
        key: 'parent',
        message: expect.stringContaining('Call it directly'),
      },
      {
        code: 'AIRLOCK_OPTIONS',
        key: 'parent',
        message: expect.stringContaining('cannot be deferred with a `parent`'),
      },
    ]);
    expect(ran.filter((text) => !text.startsWith('child notice'))).toEqual(['last step']);
  });
});

describe('when the worker of a step job is made by hand', () => {
  it.each([
    [WaitingChildrenError, { out: ['success', 'always'] }],
    [Error, { out: ['failure', 'always'] }],
  ])('tells an error that puts the job off from a failure: %p', async (Failure, { out }) => {
    const ran: string[] = [];
    const airlock = app.get(AirlockService);
    const work = airlock.run({ name: 'step', outcomeOf: outcomeOfJob }, async () => {
      for (const on of ['success', 'failure', 'always'] as const)
        app.get(EffectBuffer).enqueueWith({ on }, () => void ran.push(on));
      await airlock.run(async () => {
        app.get(EffectBuffer).enqueueWith({ on: 'failure' }, () => void ran.push('nested'));
      });
      throw new Failure();
    });
    await expect(work).rejects.toBeInstanceOf(Failure);
    expect(ran.filter((one) => one !== 'nested')).toEqual(out);
    expect(ran.includes('nested')).toBe(Failure === Error);
  });

  it('takes it for a failure where nobody can tell', async () => {
    const ran: string[] = [];
    const work = app.get(AirlockService).run(
      {
        outcomeOf: () => {
          throw new Error('broken');
        },
      },
      () => {
        app.get(EffectBuffer).enqueue(() => void ran.push('success'));
        throw new WaitingChildrenError();
      },
    );
    await expect(work).rejects.toBeInstanceOf(WaitingChildrenError);
    expect(ran).toEqual([]);
  });
});
