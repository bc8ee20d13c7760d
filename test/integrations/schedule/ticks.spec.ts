import { Injectable, Scope } from '@nestjs/common';
import {
  Cron,
  CronExpression,
  Interval,
  ScheduleModule,
  SchedulerRegistry,
  Timeout,
} from '@nestjs/schedule';
import {
  AirlockModule,
  type AirlockModuleOptions,
  AirlockService,
  currentScope,
  EffectBuffer,
} from 'nestjs-airlock';
import {
  bootModule,
  checkAfterEach,
  delay,
  Effects,
  gate,
  moduleOf,
  Outbox,
  until,
} from '../../e2e/http/fixtures.js';

const NEVER = '0 0 0 1 1 *';
let go = gate();
let begun: string[] = [];
/** What each overlapping tick saw in its buffer. */
let seen: string[][] = [];

@Injectable()
class Clockwork {
  constructor(private readonly effects: Effects) {}

  @Cron(CronExpression.EVERY_SECOND)
  everySecond(): void {
    this.effects.one(currentScope()!.name!);
  }

  @Interval(5)
  async often(): Promise<void> {
    await Promise.resolve();
    this.effects.one(currentScope()!.name!);
  }

  @Timeout(1)
  once(): void {
    this.effects.one(currentScope()!.name!);
  }
}

@Injectable()
class Faulty {
  private ticks = 0;
  constructor(private readonly effects: Effects) {}

  @Interval(5)
  async tick(): Promise<void> {
    const tick = ++this.ticks;
    this.effects.one(`report ${tick}`);
    this.effects.one(`alarm ${tick}`, 'failure');
    await Promise.resolve();
    if (tick === 1) throw new Error('no report today');
  }
}

@Injectable()
class Overlapping {
  private ticks = 0;
  constructor(
    private readonly effects: Effects,
    private readonly buffer: EffectBuffer,
  ) {}

  @Interval(5)
  async tick(): Promise<void> {
    const tick = ++this.ticks;
    if (tick > 3) return;
    begun.push(String(tick));
    this.effects.one(`first of ${tick}`);
    await go.passed;
    this.effects.one(`second of ${tick}`);
    seen.push(this.buffer.intents.map(({ name }) => name));
    if (tick === 2) throw new Error('the second fails');
  }
}

@Injectable()
class Nightly {
  constructor(
    private readonly effects: Effects,
    private readonly buffer: EffectBuffer,
    private readonly outbox: Outbox,
  ) {}

  @Cron(NEVER, { name: 'nightly', waitForCompletion: true })
  async tick(): Promise<void> {
    begun.push('nightly');
    this.effects.one('report');
    this.buffer.enqueue(async () => {
      await go.passed;
      this.outbox.sent.push('slow');
    });
  }
}

@Injectable({ scope: Scope.REQUEST })
class PerRequest {
  @Interval(5)
  tick(): void {
    begun.push('per request');
  }
}

// Before the application is closed, which waits for what is at work.
afterEach(() => go.open());
checkAfterEach();
beforeEach(() => {
  go = gate();
  begun = [];
  seen = [];
});

async function start(provider: new (...args: never[]) => unknown, options?: AirlockModuleOptions) {
  const booted = await bootModule(
    moduleOf({
      imports: [ScheduleModule.forRoot(), AirlockModule.forRoot(options)],
      providers: [provider],
    }),
  );
  const logged = () =>
    booted.log.lines
      .filter(({ context }) => context === 'Scheduler')
      .map(({ level, text }) => `${level} ${text}`);
  return { ...booted, logged, registry: booted.app.get(SchedulerRegistry) };
}

describe('when the clock strikes', () => {
  it('makes a scope of each tick, whose effects get out at its end', async () => {
    const { sent } = await start(Clockwork);
    const ticks = (name: string): number => sent.filter((text) => text === name).length;
    await until(() => ticks('Clockwork.everySecond') > 1 && ticks('Clockwork.often') > 1);
    expect(ticks('Clockwork.once')).toBe(1);
  });
});

describe('when a tick fails', () => {
  it('drops its effects, is logged as ever, and the next one ticks', async () => {
    const { sent, logged } = await start(Faulty);
    await until(() => sent.length > 1);
    expect(sent.slice(0, 2)).toEqual(['alarm 1', 'report 2']);
    const off = await start(Faulty, { boundaries: { schedule: false }, outsideScope: 'dispatch' });
    await until(() => off.sent.includes('report 2'));
    expect(logged()).toEqual(['error Error: no report today']);
    expect(off.logged()).toEqual(logged());
  });
});

describe('when ticks overlap', () => {
  it('gives each its own buffer, and loses only that of the one that fails', async () => {
    const { sent } = await start(Overlapping);
    await until(() => begun.length === 3);
    go.open();
    await until(() => seen.length === 3 && sent.length === 4);
    expect(seen).toEqual([1, 2, 3].map((tick) => [`first of ${tick}`, `second of ${tick}`]));
    expect(sent).toEqual(['first of 1', 'second of 1', 'first of 3', 'second of 3']);
  });

  it('takes a tick whose effects are still on their way for one that is not complete', async () => {
    const { sent, registry } = await start(Nightly);
    const job = registry.getCronJob('nightly');
    const first = job.fireOnTick();
    await until(() => sent.length === 1);
    await job.fireOnTick();
    expect(begun).toEqual(['nightly']);
    go.open();
    await first;
    expect(sent).toEqual(['report', 'slow']);
    await job.fireOnTick();
    expect(begun).toEqual(['nightly', 'nightly']);
  });
});

describe('when a job is fired by hand in a scope', () => {
  it('is nested in it', async () => {
    const { app, sent, registry } = await start(Nightly);
    go.open();
    const run = app.get(AirlockService).run(async () => {
      await registry.getCronJob('nightly').fireOnTick();
      expect(sent).toEqual([]);
      throw new Error('outer');
    });
    await expect(run).rejects.toThrow('outer');
    expect(sent).toEqual([]);
  });
});

describe('when the application is closed in the middle of a tick', () => {
  it('lets its effects out first, and leaves ticks alone that come too late and call none', async () => {
    const { app, sent, logged } = await start(Overlapping);
    await until(() => begun.length === 3);
    const closing = app.close();
    await delay(50);
    expect(logged()).toEqual([]);
    go.open();
    await closing;
    expect(logged()).toEqual([expect.stringContaining('the second fails')]);
    expect(sent).toEqual(['first of 1', 'second of 1', 'first of 3', 'second of 3']);
  });
});

describe('when what ticks is no decorated method of a singleton', () => {
  it('has no scope in a job that was added to the registry', async () => {
    const { registry } = await start(Nightly);
    const scope = await new Promise((resolve) => {
      registry.addTimeout(
        'by hand',
        setTimeout(() => resolve(currentScope()), 1),
      );
    });
    expect(scope).toBeUndefined();
  });

  it('leaves it to Nest to say that a request-scoped class does not tick', async () => {
    const { logged } = await start(PerRequest);
    expect(logged()).toEqual([
      expect.stringMatching(/^warn Cannot register interval "PerRequest@tick"/),
    ]);
    await delay(15);
    expect(begun).toEqual([]);
  });
});
