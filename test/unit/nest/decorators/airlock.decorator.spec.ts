import { Controller, Get, Injectable } from '@nestjs/common';
import {
  Airlock,
  AirlockOptionsError,
  AirlockService,
  BlockTasks,
  currentScope,
  DispatchError,
  DropAll,
  enqueue,
  type Intent,
  ShuttingDownError,
} from 'nestjs-airlock';
import { lastValueFrom } from 'rxjs';
import {
  boot,
  checkAfterEach,
  COMPLETED,
  Effects,
  FAILED,
  listen,
  platforms,
} from '../../../e2e/http/fixtures.js';

const [, express] = platforms[0]!;
const toList: string[] = [];

@Injectable()
class Jobs {
  constructor(readonly effects: Effects) {}

  @Airlock()
  async plain(): Promise<string> {
    this.effects.all();
    await Promise.resolve();
    return `${currentScope()?.name} with ${this.effects.outbox.sent.length} out`;
  }
  @Airlock()
  async rejecting(): Promise<void> {
    this.effects.all();
    await Promise.resolve();
    throw new Error('rejected');
  }
  @Airlock()
  throwing(): Promise<void> {
    this.effects.all();
    throw new Error('thrown');
  }
  @Airlock()
  synchronous(): Promise<number> {
    this.effects.one('lost');
    return 7 as unknown as Promise<number>;
  }
  @Airlock(DropAll)
  async droppedByClass(): Promise<void> {
    this.effects.one('a');
    await Promise.resolve();
  }
  @Airlock(new BlockTasks(['a']))
  async narrowedByInstance(): Promise<void> {
    for (const name of ['a', 'b']) this.effects.one(name);
    await Promise.resolve();
  }
  @Airlock({
    name: 'my job',
    policy: [new BlockTasks(['a'])],
    executor: ({ name, origin }: Intent) => void toList.push(`${name} from ${origin}`),
    shouldFlush: () => true,
    onDispatchError: 'report',
  })
  async withOptions(): Promise<void> {
    for (const name of ['a', 'b']) this.effects.one(name);
    await Promise.resolve();
    throw new Error('flushed all the same');
  }
  @Airlock({ dispatchMode: 'failFast' })
  async failFast(): Promise<string> {
    this.effects.buffer.enqueue(function broken() {
      throw new Error('line is dead');
    });
    this.effects.one('after');
    return Promise.resolve('done');
  }
}

@Controller()
class JobsController {
  constructor(private readonly jobs: Jobs) {}
  @Get('nested')
  async nested() {
    this.jobs.effects.one('before');
    await this.jobs.plain();
    const out = [...this.jobs.effects.outbox.sent];
    return { out, buffered: this.jobs.effects.buffer.intents.map(({ name }) => name) };
  }
  @Get('swallowed')
  async swallowed() {
    this.jobs.effects.one('before');
    await this.jobs.rejecting().catch(() => {});
    return 'fine';
  }
  @Get('failing')
  async failing() {
    await this.jobs.plain();
    throw new Error('of the request');
  }
}

const providers = [Jobs];

checkAfterEach();

describe('when an @Airlock() method is called outside any scope', () => {
  it('opens a root named Class.method, lets its effects out at the end and keeps the value', async () => {
    const { app, fate } = await boot({ providers });
    expect(await app.get(Jobs).plain()).toBe('Jobs.plain with 0 out');
    expect(await fate()).toEqual(COMPLETED);
  });

  it.each(['rejecting', 'throwing'] as const)(
    'drops them where it is %s, and keeps the error',
    async (method) => {
      const { app, fate } = await boot({ providers });
      await expect((async () => app.get(Jobs)[method]())()).rejects.toThrow(
        method === 'rejecting' ? 'rejected' : 'thrown',
      );
      expect(await fate()).toEqual(FAILED);
    },
  );

  it('throws where it is called if the method throws there', async () => {
    const { app, fate } = await boot({ providers });
    expect(() => app.get(Jobs).throwing()).toThrow('thrown');
    await fate();
  });

  it('refuses a synchronous result, by name, and drops its effects', async () => {
    const { app, fate } = await boot({ providers });
    expect(() => app.get(Jobs).synchronous()).toThrow(AirlockOptionsError);
    expect(() => app.get(Jobs).synchronous()).toThrow(
      /`Jobs.synchronous` returned neither a Promise nor an Observable/,
    );
    expect(await fate()).toEqual({ out: [], dropped: ['lost', 'lost'] });
  });

  it('keeps two calls at the same time apart', async () => {
    const { app, fate } = await boot({ providers });
    const jobs = app.get(Jobs);
    await Promise.allSettled([jobs.plain(), jobs.rejecting()]);
    const { out, dropped } = await fate();
    expect({ out: out.toSorted(), dropped: dropped.toSorted() }).toEqual({
      out: ['always', 'always', 'failure', 'success'],
      dropped: ['failure', 'success'],
    });
  });
});

describe('when @Airlock() is given something', () => {
  it.each([
    ['droppedByClass', { out: [], dropped: ['a'] }],
    ['narrowedByInstance', { out: ['b'], dropped: ['a'] }],
  ] as const)('takes a policy: %s', async (method, fate) => {
    const booted = await boot({ providers });
    await booted.app.get(Jobs)[method]();
    expect(await booted.fate()).toEqual(fate);
  });

  it('takes the options of a scope', async () => {
    toList.length = 0;
    const { app, fate } = await boot({ providers });
    await expect(app.get(Jobs).withOptions()).rejects.toThrow('flushed all the same');
    expect((await fate()).dropped).toEqual(['a']);
    expect(toList).toEqual(['b from my job']);
  });

  it('throws the DispatchError of work that completed, by default', async () => {
    const { app, fate } = await boot({ providers });
    await expect(app.get(Jobs).failFast()).rejects.toBeInstanceOf(DispatchError);
    expect(await fate()).toEqual({ out: [], dropped: ['after'] });
  });

  it('refuses an unknown option and names the known ones', () => {
    expect(() => Airlock({ polcy: DropAll } as never)).toThrow(
      'Unknown option `polcy` in `@Airlock()`. Known options: name, policy, executor',
    );
  });
});

describe('when an @Airlock() method is called within a request', () => {
  it('hands its effects to the request, which decides', async () => {
    const server = await listen(express, { controllers: [JobsController], providers });
    const { body } = await server.request('/nested');
    expect(JSON.parse(body)).toEqual({
      out: [],
      buffered: ['before', 'success', 'failure', 'always'],
    });
    expect(await server.fate()).toEqual({
      out: ['before', ...COMPLETED.out],
      dropped: COMPLETED.dropped,
    });
  });

  it('loses its own effects alone where it fails and the request goes on', async () => {
    const server = await listen(express, { controllers: [JobsController], providers });
    expect((await server.request('/swallowed')).status).toBe(200);
    expect(await server.fate()).toEqual({
      out: ['before', ...FAILED.out],
      dropped: FAILED.dropped,
    });
  });

  it('loses them with the request', async () => {
    const server = await listen(express, { controllers: [JobsController], providers });
    expect((await server.request('/failing')).status).toBe(500);
    expect(await server.fate()).toEqual(FAILED);
  });

  it('nests in a scope of AirlockService too', async () => {
    const { app, sent } = await boot({ providers });
    await app.get(AirlockService).run({ policy: new BlockTasks(['b']) }, async () => {
      await app.get(Jobs).narrowedByInstance();
      expect(app.get(Effects).buffer.capturedIntents.map(({ name }) => name)).toEqual(['a', 'b']);
    });
    expect(sent).toEqual([]);
  });
});

describe('when an @Airlock() method belongs to no application', () => {
  class Script {
    readonly out: string[] = [];
    @Airlock()
    async run(): Promise<void> {
      enqueue(() => this.out.push('out'));
      await Promise.resolve();
      this.out.push('end of run');
    }
  }
  it('opens a scope of its own', async () => {
    const script = new Script();
    await script.run();
    expect(script.out).toEqual(['end of run', 'out']);
  });
});

describe('when an @Airlock() method is called while the application shuts down', () => {
  it.each(['plain', 'throwing'] as const)(
    'rejects with ShuttingDownError, and does not throw: %s',
    async (method) => {
      const { app } = await boot({ providers });
      const jobs = app.get(Jobs);
      await app.close();
      const refused = jobs[method]();
      expect(refused).toBeInstanceOf(Promise);
      await expect(refused).rejects.toBeInstanceOf(ShuttingDownError);
    },
  );

  it('can be awaited as well as subscribed to where nothing tells what it returns', async () => {
    class Untold {
      @Airlock()
      find(): PromiseLike<number> {
        return Promise.resolve(7);
      }
    }
    const { app } = await boot({ providers: [Untold] });
    const untold = app.get(Untold);
    expect(await untold.find()).toBe(7);
    await app.close();
    await expect((async () => untold.find())()).rejects.toBeInstanceOf(ShuttingDownError);
    await expect(lastValueFrom(untold.find() as never)).rejects.toBeInstanceOf(ShuttingDownError);
  });
});

describe('when an @Airlock() method returns something that works when it is awaited', () => {
  class Query {
    constructor(private readonly effects: Effects) {}
    // oxlint-disable-next-line unicorn/no-thenable -- as query builders are
    then(done: (value: string) => void): void {
      this.effects.one('of the query');
      done('rows');
    }
  }
  @Injectable()
  class Repository {
    constructor(readonly effects: Effects) {}
    @Airlock()
    find(): Promise<string> {
      return new Query(this.effects) as unknown as Promise<string>;
    }
  }

  it('does that work in the scope', async () => {
    const { app, fate } = await boot({ providers: [Repository] });
    expect(await app.get(Repository).find()).toBe('rows');
    expect(await fate()).toEqual({ out: ['of the query'], dropped: [] });
  });
});
