import { Injectable, Module } from '@nestjs/common';
import { Cron } from '@nestjs/schedule';
import {
  AirlockModule,
  type AirlockModuleOptions,
  type AirlockOptionsFactory,
  AirlockService,
  DropAll,
  EffectBuffer,
  ShuttingDownError,
  SideEffect,
} from 'nestjs-airlock';
import {
  boot,
  bootModule,
  checkAfterEach,
  COMPLETED,
  Effects,
  moduleOf,
} from '../../e2e/http/fixtures.js';

@Injectable()
class Config {
  readonly policy = DropAll;
}

@Module({ providers: [Config], exports: [Config] })
class ConfigModule {}

@Injectable()
class Options implements AirlockOptionsFactory {
  async createAirlockOptions(): Promise<AirlockModuleOptions> {
    await Promise.resolve();
    return { policy: DropAll };
  }
}

@Module({ providers: [Options], exports: [Options] })
class OptionsModule {}

@Injectable()
class Mail {
  @SideEffect()
  async send(): Promise<void> {}
  @SideEffect({ name: 'news', executor: 'slow', on: 'always' })
  async newsletter(): Promise<void> {}
}

@Injectable()
class Ticker {
  @Cron('0 0 1 1 *')
  async tick(): Promise<void> {}
  ring(): void {}
}

checkAfterEach();

describe('when forRoot is imported', () => {
  it('makes EffectBuffer and AirlockService injectable everywhere', async () => {
    const feature = moduleOf({});
    const { app, fate } = await boot({ imports: [feature] });
    const effects = app.select(feature).get(Effects);
    await app.get(AirlockService).run(() => effects.all());
    expect((await fate()).dropped).toEqual(COMPLETED.dropped);
    expect(effects.outbox.sent).toEqual(COMPLETED.out);
  });

  it('boots once more in the same process with the same dynamic module', async () => {
    const dynamicModule = AirlockModule.forRoot();
    for (const name of ['first', 'second']) {
      const { app, sent } = await bootModule(moduleOf({ imports: [dynamicModule] }));
      await app.get(AirlockService).run(() => app.get(Effects).one(name));
      expect(sent).toEqual([name]);
    }
  });

  it('writes one line at the start, with what is in force', async () => {
    const slow = { execute: () => {} };
    const { log } = await boot(
      { providers: [Mail] },
      { policy: [DropAll], executors: { slow }, dispatch: 'afterResponse', outsideScope: 'drop' },
    );
    expect(log.airlock('log')).toEqual([
      'boundaries: none · policies: DropAll · executors: default=InProcessExecutor, slow=function · ' +
        'dispatch: afterResponse · outside a scope: drop · @SideEffect methods: 2',
    ]);
    expect([...log.airlock('warn'), ...log.airlock('error')]).toEqual([]);
  });

  it('names in it what is intercepted, what watches for escapes, which kinds have entry points and which are off', async () => {
    const { log } = await boot(
      { providers: [Ticker] },
      {
        intercept: [{ token: Ticker, methods: ['ring'] }],
        detectEscapes: { allow: ['localhost'] },
        boundaries: { ws: false, cqrs: false },
      },
    );
    expect(log.airlock('log')).toEqual([
      'boundaries: schedule (1), off: ws, cqrs · policies: AllowAll · executors: default=InProcessExecutor · ' +
        'dispatch: beforeResponse · outside a scope: throw · @SideEffect methods: 0 · intercepted: Ticker.ring · escapes: warn',
    ]);
  });
});

describe('when options come from elsewhere', () => {
  it.each([
    ['useFactory', AirlockModule.forRootAsync({ useFactory: () => ({ policy: DropAll }) })],
    [
      'useFactory with injected providers',
      AirlockModule.forRootAsync({
        imports: [ConfigModule],
        inject: [Config],
        useFactory: async ({ policy }: Config) => ({ policy: await Promise.resolve(policy) }),
      }),
    ],
    ['useClass', AirlockModule.forRootAsync({ useClass: Options })],
    ['useExisting', AirlockModule.forRootAsync({ imports: [OptionsModule], useExisting: Options })],
  ])('takes those of %s', async (_how, airlock) => {
    const { app, fate } = await bootModule(moduleOf({ imports: [airlock] }));
    expect(app.get(AirlockService).explain().policies).toEqual(['DropAll']);
    await app.get(AirlockService).run(() => app.get(Effects).one('dropped'));
    expect(await fate()).toEqual({ out: [], dropped: ['dropped'] });
  });
});

describe('when two modules import forRoot', () => {
  it.each([
    ['with different options', AirlockModule.forRoot({ policy: DropAll }), AirlockModule.forRoot()],
    ['with the same options', AirlockModule.forRoot(), AirlockModule.forRoot()],
    [
      'and forRootAsync',
      AirlockModule.forRoot(),
      AirlockModule.forRootAsync({ useFactory: () => ({}) }),
    ],
  ])('refuses to boot %s', async (_how, first, second) => {
    const feature = moduleOf({ imports: [first] });
    await expect(bootModule(moduleOf({ imports: [feature, second] }))).rejects.toMatchObject({
      code: 'AIRLOCK_OPTIONS',
      message: expect.stringMatching(
        /forRoot\(\)` is imported 2 times.*Import it once, in the root module/,
      ) as string,
    });
  });
});

describe('when asked to explain', () => {
  it('tells the boundaries, executors, effects and policies in force', async () => {
    class SlowExecutor {
      execute(): void {}
    }
    const { app } = await boot(
      { providers: [Mail] },
      {
        executors: { slow: SlowExecutor },
        boundaries: { http: { policy: DropAll, openAt: 'request' } },
      },
    );
    const none = { isOn: true, policies: [], entryPoints: [] };
    const own = { policies: [], serializer: 'copies', timeoutMs: 30_000 };
    expect(app.get(AirlockService).explain()).toEqual({
      boundaries: [
        {
          ...none,
          name: 'http',
          policies: ['DropAll'],
          openAt: 'request',
          dispatch: 'beforeResponse',
        },
        ...['rpc', 'ws', 'graphql', 'bullmq', 'schedule', 'event-emitter', 'cqrs', 'commander'].map(
          (name) => ({
            ...none,
            name,
          }),
        ),
      ],
      executors: { default: 'InProcessExecutor', slow: 'SlowExecutor' },
      effects: [
        { ...own, name: 'Mail.send', executor: 'default', on: 'success' },
        { ...own, name: 'news', executor: 'slow', on: 'always' },
      ],
      intercepted: [],
      policies: [],
      entryPoints: [],
      adapters: [],
      workers: [],
      warnings: [],
    });
  });

  it('says which boundary is off', async () => {
    const { app } = await boot({}, { boundaries: { http: false, cqrs: false } });
    const off = app
      .get(AirlockService)
      .explain()
      .boundaries.filter(({ isOn }) => !isOn);
    expect(off).toEqual(
      ['http', 'cqrs'].map((name) => ({ name, isOn: false, policies: [], entryPoints: [] })),
    );
  });
});

describe('when the application has shut down', () => {
  it('opens no new scope: ShuttingDownError with the name of what was refused', async () => {
    const { app } = await boot({});
    const airlock = app.get(AirlockService);
    await app.close();
    const refused = airlock.run({ name: 'late job' }, () => 'unreached');
    await expect(refused).rejects.toBeInstanceOf(ShuttingDownError);
    await expect(refused).rejects.toMatchObject({
      code: 'AIRLOCK_SHUTTING_DOWN',
      scope: 'late job',
      statusCode: 503,
    });
    expect(() => airlock.open()).toThrow(ShuttingDownError);
  });
});

describe('when AirlockService opens scopes', () => {
  it('runs work in one, and returns its value after the flush', async () => {
    const { app, sent } = await boot({});
    const airlock = app.get(AirlockService);
    const value = await airlock.run({ name: 'job 7' }, async (scope) => {
      app.get(Effects).one('effect');
      await Promise.resolve();
      expect(airlock.currentScope).toMatchObject({ name: 'job 7', state: 'open', id: scope.id });
      expect(airlock.currentScope!.intents.map(({ name, origin }) => [name, origin])).toEqual([
        ['effect', 'job 7'],
      ]);
      expect(sent).toEqual([]);
      return 'value';
    });
    expect({ value, sent, scope: airlock.currentScope }).toEqual({
      value: 'value',
      sent: ['effect'],
      scope: undefined,
    });
  });

  it('drops the effects of work that throws, and throws its error', async () => {
    const { app, fate } = await boot({});
    const error = new Error('of the work');
    const work = app.get(AirlockService).run(() => {
      app.get(Effects).all();
      throw error;
    });
    await expect(work).rejects.toBe(error);
    expect((await fate()).dropped).toEqual(['success']);
  });

  it('throws the DispatchError of work that completed', async () => {
    const { app } = await boot({});
    const work = app.get(AirlockService).run({ name: 'job' }, () => {
      app.get(EffectBuffer).enqueue(function broken() {
        throw new Error('line is dead');
      });
    });
    await expect(work).rejects.toMatchObject({ code: 'AIRLOCK_DISPATCH', scope: 'job' });
  });

  it('leaves one that is opened by hand to its opener', async () => {
    const { app, sent } = await boot({});
    const scope = app.get(AirlockService).open({ name: 'by hand' });
    scope.run(() => app.get(Effects).one('first'));
    scope.run(() => app.get(Effects).one('second'));
    expect(app.get(EffectBuffer).isActive).toBe(false);
    scope.close();
    expect((await scope.flush()).dispatched.map(({ name }) => name)).toEqual(['first', 'second']);
    expect(sent).toEqual(['first', 'second']);
  });
});

describe('when the error of an effect is logged', () => {
  /** The stacks that the log shows, each by its first line, for an effect that throws `error`. */
  async function shown(error: Error): Promise<readonly string[]> {
    const { app, log } = await boot({});
    await app.get(AirlockService).run({ name: 'job', onDispatchError: 'report' }, () => {
      app.get(EffectBuffer).enqueue(function broken() {
        throw error;
      });
    });
    const [text, ...others] = log.airlock('error');
    expect(others).toEqual([]);
    const [summary, ...stacks] = text!.split('\n');
    expect(summary).toContain(
      `scope "job" let out failed: broken (${error.name}: ${error.message})`,
    );
    return stacks.filter((line) => !line.startsWith('    at '));
  }

  it('says its text once', async () => {
    const { app, log } = await boot({}, { outsideScope: 'report' });
    app.get(EffectBuffer).enqueueWith({ name: 'stray' }, () => {});
    const [text] = log.airlock('error');
    expect(text!.split('"stray"')).toHaveLength(2);
    expect(text).toMatch(/\n *at .*module\.spec\.ts/);
  });

  it('shows what caused it, and what caused that', async () => {
    const inner = new RangeError('inner');
    const error = new Error('outer', { cause: new TypeError('middle', { cause: inner }) });
    expect(await shown(error)).toEqual(['Error: outer', 'TypeError: middle', 'RangeError: inner']);
  });

  it('shows each of several errors in one, with its causes, and then what caused them all', async () => {
    const errors = [
      new Error('first', { cause: new Error('cause of the first') }),
      new Error('second'),
    ];
    const error = new AggregateError(errors, 'both', { cause: new Error('cause of both') });
    expect(await shown(error)).toEqual([
      'Error: first',
      'Error: cause of the first',
      'Error: second',
      'Error: cause of both',
    ]);
  });

  const [first, second] = [new Error('first'), new Error('second')];
  first.cause = second;
  second.cause = first;
  const own = new Error('own');
  own.cause = own;
  const several = new AggregateError([first], 'several');
  several.errors.push(several);
  several.cause = several;

  it.each<[string, Error, readonly string[]]>([
    ['its own cause', own, ['Error: own']],
    ['the cause of its cause', first, ['Error: first', 'Error: second']],
    ['one of several in itself', several, ['Error: first', 'Error: second']],
  ])('shows each error once where one is %s', async (_, error, lines) => {
    expect(await shown(error)).toEqual(lines);
  });
});
