// oxlint-disable typescript/unbound-method -- an effect is named by its method.
import { getQueueToken, BullModule } from '@nestjs/bullmq';
import { Inject, Injectable } from '@nestjs/common';
import { EventEmitter2, EventEmitterModule } from '@nestjs/event-emitter';
import type { Queue } from 'bullmq';
import { randomUUID } from 'node:crypto';
import { AirlockService, BlockTasks, EffectBuffer, type Policy } from 'nestjs-airlock';
import { boot, checkAfterEach } from '../e2e/http/fixtures.js';
import { redis } from '../servers.js';

checkAfterEach();

const names = Array.from({ length: 11 }, (_, i) => `names-${i}-${randomUUID()}`);
const [first, second] = names as [string, string];
const imports = [
  BullModule.forRoot({ connection: { url: redis.url } }),
  ...names.map((name) => BullModule.registerQueue({ name })),
];

async function queues(policy: Policy[], intercepted: readonly string[] = []) {
  const intercept = intercepted.map((name) => ({ token: getQueueToken(name), methods: ['add'] }));
  const booted = await boot({ imports }, { policy, intercept });
  const queue = (name: string): Queue => booted.app.get(getQueueToken(name), { strict: false });
  return { ...booted, queue };
}

async function jobsIn(queue: Queue): Promise<number> {
  const count = await queue.getWaitingCount();
  await queue.obliterate({ force: true });
  return count;
}

describe('when an application has eleven queues', () => {
  it('names each call by its queue, and a policy blocks one of them or all', async () => {
    const { app, queue, log } = await queues([new BlockTasks([`Queue(${first}).add`])]);
    await app.get(AirlockService).run((scope) => {
      for (const name of [first, second]) app.get(EffectBuffer).defer(queue(name)).add('job', {});
      expect(scope.intents.map(({ name }) => name)).toEqual([
        `Queue(${first}).add`,
        `Queue(${second}).add`,
      ]);
    });
    expect([await jobsIn(queue(first)), await jobsIn(queue(second))]).toEqual([0, 1]);
    await app.get(AirlockService).run(() => {
      app.get(EffectBuffer).withPolicy(new BlockTasks(['Queue.add']), () => {
        for (const name of [first, second]) app.get(EffectBuffer).defer(queue(name)).add('job', {});
      });
    });
    expect([await jobsIn(queue(first)), await jobsIn(queue(second))]).toEqual([0, 0]);
    expect(log.airlock('warn')).toEqual([]);
  });

  it('warns of each that is intercepted, by its name, once', async () => {
    const { app, queue, log } = await queues([new BlockTasks(['Queue.add'])], names);
    await app.get(AirlockService).run(async () => {
      for (const name of [...names, ...names]) await queue(name).add('job', {});
    });
    expect(log.airlock('warn').map((line) => /^`(.*?)`/.exec(line)?.[1])).toEqual(
      names.map((name) => `Queue(${name}).add`),
    );
    expect(app.get(AirlockService).explain().intercepted).toEqual(
      names.map((name) => `Queue(${name}).add`),
    );
    expect(await jobsIn(queue(first))).toBe(0);
  });
});

describe('when an emitter is provided under a class of another name', () => {
  @Injectable()
  class Orders {
    constructor(
      private readonly emitter: EventEmitter2,
      private readonly effects: EffectBuffer,
    ) {}
    place(): void {
      this.effects.defer(this.emitter).emit('placed');
    }
  }

  it.each([['EventEmitter2.emit'], ['EventEmitter.emit'], [EventEmitter2.prototype.emit]])(
    'is blocked by %p',
    async (ref) => {
      const { app, log } = await boot(
        { imports: [EventEmitterModule.forRoot()], providers: [Orders] },
        { policy: new BlockTasks([ref]) },
      );
      const heard: string[] = [];
      app.get(EventEmitter2).on('placed', () => void heard.push('placed'));
      await app.get(AirlockService).run((scope) => {
        app.get(Orders).place();
        expect(scope.intents.map(({ name }) => name)).toEqual(['EventEmitter2.emit']);
      });
      expect(heard).toEqual([]);
      expect(log.airlock('warn')).toEqual([]);
    },
  );
});

describe('when a client has no class of its own', () => {
  /** As `axios.create()` makes them: a function that carries methods. */
  const create = () =>
    Object.assign(function wrap(): void {}, { post: async (): Promise<void> => {} });

  @Injectable()
  class Payments {
    private readonly http = create();

    constructor(
      @Inject('STRIPE') private readonly stripe: ReturnType<typeof create>,
      @Inject('SMTP') private readonly smtp: { sendMail(): void },
      private readonly effects: EffectBuffer,
    ) {}

    pay(): void {
      this.effects.defer(this.http).post();
      this.effects.defer(this.stripe).post();
      this.effects.defer(this.smtp).sendMail();
    }
  }

  it('goes by its token, else by the property that holds it', async () => {
    const { app } = await boot({
      providers: [
        Payments,
        { provide: 'STRIPE', useFactory: create },
        { provide: 'SMTP', useValue: { sendMail: () => {} } },
      ],
    });
    await app.get(AirlockService).run((scope) => {
      app.get(Payments).pay();
      expect(scope.intents.map(({ name }) => name)).toEqual([
        'Payments.http.post',
        'STRIPE.post',
        'SMTP.sendMail',
      ]);
    });
  });
});
