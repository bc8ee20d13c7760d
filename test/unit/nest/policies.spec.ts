import {
  Controller,
  Get,
  Inject,
  Injectable,
  type OnModuleInit,
  type Provider,
  Scope,
} from '@nestjs/common';
import {
  Airlock,
  type AirlockModuleOptions,
  AirlockService,
  BlockTasks,
  DropAll,
  EffectBuffer,
  type Executor,
  type Intent,
  type Policy,
  type PolicyRef,
  type ScopeOptions,
  SideEffect,
  UseAirlockPolicy,
} from 'nestjs-airlock';
import {
  boot,
  checkAfterEach,
  delay,
  Effects,
  listen,
  Outbox,
  platforms,
} from '../../e2e/http/fixtures.js';

const [, express] = platforms[0]!;

@Injectable()
class Blocklist {
  readonly names = new Set(['blocked']);
}

@Injectable()
class BlocklistPolicy implements Policy {
  constructor(readonly list: Blocklist) {}
  allows({ name }: Intent): boolean {
    return !this.list.names.has(name);
  }
}

@Injectable()
class OutboxExecutor implements Executor {
  constructor(readonly outbox: Outbox) {}
  execute({ name }: Intent): void {
    this.outbox.sent.push(`${name} by OutboxExecutor`);
  }
}

@Injectable({ scope: Scope.REQUEST })
class RequestScopedPolicy implements Policy {
  allows(): boolean {
    return true;
  }
}

@Injectable()
class LeaningOnRequestPolicy implements Policy {
  constructor(readonly other: RequestScopedPolicy) {}
  allows(): boolean {
    return this.other.allows();
  }
}

class NeedsArguments implements Policy {
  constructor(readonly names: readonly string[]) {}
  allows({ name }: Intent): boolean {
    return this.names.includes(name);
  }
}

async function outOf(
  policy: PolicyRef | readonly PolicyRef[],
  providers: (new (...args: never[]) => object)[] = [],
) {
  const { app, fate } = await boot({ providers }, { policy });
  await app.get(AirlockService).run(() => {
    for (const name of ['blocked', 'free']) app.get(Effects).one(name);
  });
  return fate();
}

checkAfterEach();

describe('when a policy is given', () => {
  it('may be an instance', async () => {
    expect(await outOf(new BlockTasks(['blocked']))).toEqual({
      out: ['free'],
      dropped: ['blocked'],
    });
  });

  it('may be a class that Nest provides, with its dependencies', async () => {
    expect(await outOf(BlocklistPolicy, [Blocklist, BlocklistPolicy])).toEqual({
      out: ['free'],
      dropped: ['blocked'],
    });
  });

  it('may be a class unknown to Nest that takes no arguments', async () => {
    expect(await outOf(DropAll)).toEqual({ out: [], dropped: ['blocked', 'free'] });
  });

  it('may be several, each of which must allow', async () => {
    const policies = [new BlockTasks(['free']), BlocklistPolicy];
    expect(await outOf(policies, [Blocklist, BlocklistPolicy])).toEqual({
      out: [],
      dropped: ['blocked', 'free'],
    });
  });

  it('may decide asynchronously, one effect at a time and in order', async () => {
    const running: string[] = [];
    let atOnce = 0;
    const slow: Policy = {
      async allows({ name }) {
        atOnce = Math.max(atOnce, running.push(name));
        await delay(3);
        running.pop();
        return name !== 'blocked';
      },
    };
    expect(await outOf([slow, { allows: async () => Promise.resolve(true) }])).toEqual({
      out: ['free'],
      dropped: ['blocked'],
    });
    expect(atOnce).toBe(1);
  });

  it('is one instance per class, and the one that Nest injects elsewhere', async () => {
    const { app, fate } = await boot(
      { providers: [Blocklist, BlocklistPolicy] },
      { policy: BlocklistPolicy },
    );
    app.get(BlocklistPolicy).list.names.add('free');
    await app.get(AirlockService).run(() => app.get(Effects).one('free'));
    expect(await fate()).toEqual({ out: [], dropped: ['free'] });
  });
});

describe('when a policy class cannot be had', () => {
  it.each([
    [
      'takes arguments and is unknown to Nest',
      NeedsArguments,
      'cannot be built, and no module provides it. Its constructor takes arguments, and nothing says which',
    ],
    ['is request-scoped', RequestScopedPolicy, 'request-scoped or transient'],
    ['depends on something request-scoped', LeaningOnRequestPolicy, 'request-scoped or transient'],
  ])('refuses to boot with one that %s', async (_why, policy: PolicyRef, text) => {
    const providers = [RequestScopedPolicy, LeaningOnRequestPolicy];
    await expect(boot({ providers }, { policy })).rejects.toMatchObject({
      code: 'AIRLOCK_OPTIONS',
      message: expect.stringMatching(
        new RegExp(`${(policy as { name: string }).name}.*${text}`),
      ) as string,
    });
  });

  class OnEffect {
    @SideEffect({ policy: NeedsArguments })
    async send(): Promise<void> {}
  }
  class OnScope {
    @Airlock(NeedsArguments)
    async run(): Promise<void> {}
  }
  @Controller()
  class OnHandler {
    @Get()
    @UseAirlockPolicy(NeedsArguments)
    get() {}
  }
  @Controller()
  @UseAirlockPolicy(NeedsArguments)
  class OnController {
    @Get()
    get() {}
  }
  it.each([
    ['OnEffect.send', { providers: [OnEffect] }],
    ['OnScope.run', { providers: [OnScope] }],
    ['OnHandler.get', { controllers: [OnHandler] }],
    ['OnController', { controllers: [OnController] }],
  ])('refuses to boot, naming %s that names it', async (where, parts) => {
    await expect(boot(parts)).rejects.toMatchObject({
      code: 'AIRLOCK_OPTIONS',
      message: expect.stringMatching(new RegExp(`^${where}: .*NeedsArguments`)) as string,
    });
  });
});

describe('when a class is needed before Nest has built the provider of it', () => {
  const needs: [string, AirlockModuleOptions, ScopeOptions, string][] = [
    ['the policy of a scope', {}, { policy: BlocklistPolicy }, 'BlocklistPolicy'],
    ['the executor of a scope', {}, { executor: OutboxExecutor }, 'OutboxExecutor'],
    ['the policy of the application', { policy: BlocklistPolicy }, {}, 'BlocklistPolicy'],
    ['the executor of the application', { executor: OutboxExecutor }, {}, 'OutboxExecutor'],
    [
      'a named executor',
      { executors: { mail: OutboxExecutor } },
      { executor: 'mail' },
      'OutboxExecutor',
    ],
  ];
  const provided = [Blocklist, BlocklistPolicy, OutboxExecutor];

  /**
   * Two providers that open a scope while Nest builds them, and one that does so once it is built.
   */
  function opening(options: ScopeOptions) {
    const open = (airlock: AirlockService, effects: Effects): Promise<void> =>
      airlock.run(options, () => effects.one('early'));
    @Injectable()
    class InConstructor {
      constructor(airlock: AirlockService) {
        airlock.open(options).close();
      }
    }
    @Injectable()
    class InOnModuleInit implements OnModuleInit {
      constructor(
        private readonly airlock: AirlockService,
        private readonly effects: Effects,
      ) {}
      async onModuleInit(): Promise<void> {
        await open(this.airlock, this.effects);
      }
    }
    const inFactory: Provider = {
      provide: 'EARLY',
      inject: [AirlockService, Effects],
      useFactory: open,
    };
    return { InConstructor, InOnModuleInit, inFactory };
  }

  it.each(needs)(
    'refuses to boot where it is %s, naming the class and where to do it instead',
    async (_, options, scope, name) => {
      const { InConstructor, inFactory } = opening(scope);
      for (const early of [InConstructor, inFactory]) {
        await expect(boot({ providers: [early, ...provided] }, options)).rejects.toMatchObject({
          name: 'AirlockOptionsError',
          code: 'AIRLOCK_OPTIONS',
          key: name,
          message:
            `Provider \`${name}\` is needed before Nest has built it: a scope was opened or an effect called while the application starts. ` +
            'Do that in `onModuleInit` or later, not in a constructor or a provider factory.',
        });
      }
    },
  );

  it.each(needs)('finds it in onModuleInit where it is %s', async (_, options, scope, name) => {
    const { InOnModuleInit } = opening(scope);
    const { fate } = await boot({ providers: [InOnModuleInit, ...provided] }, options);
    expect((await fate()).out).toEqual([
      name === 'OutboxExecutor' ? 'early by OutboxExecutor' : 'early',
    ]);
  });

  it('uses the provider with its dependencies later, where the first error was caught', async () => {
    const errors: unknown[] = [];
    const cautious: Provider = {
      provide: 'EARLY',
      inject: [AirlockService],
      useFactory: async (airlock: AirlockService) =>
        airlock.run({ policy: BlocklistPolicy }, () => {}).catch((error) => errors.push(error)),
    };
    const { app, fate } = await boot({ providers: [cautious, ...provided] });
    expect(errors).toMatchObject([{ key: 'BlocklistPolicy' }]);
    await app.get(AirlockService).run({ policy: BlocklistPolicy }, () => {
      for (const name of ['blocked', 'free']) app.get(Effects).one(name);
    });
    expect(await fate()).toEqual({ out: ['free'], dropped: ['blocked'] });
  });

  it('finds it for a boundary that opens with the request, which is set up before onModuleInit', async () => {
    @Controller()
    class Orders {
      constructor(private readonly effects: Effects) {}
      @Get()
      get() {
        for (const name of ['blocked', 'free']) this.effects.one(name);
      }
    }
    const server = await listen(
      express,
      { controllers: [Orders], providers: provided },
      { boundaries: { http: { policy: BlocklistPolicy, openAt: 'request' } } },
    );
    expect((await server.request('/')).status).toBe(200);
    expect(await server.fate()).toEqual({ out: ['free'], dropped: ['blocked'] });
  });
});

describe('when policies of every kind lie on the way', () => {
  const asked: string[] = [];
  const named = (name: string): Policy => ({
    onEnqueue: () => void asked.push(`${name}?`),
    allows: () => asked.push(name) > 0,
  });

  @Injectable()
  class Nested {
    constructor(@Inject(EffectBuffer) private readonly buffer: EffectBuffer) {}
    @Airlock(named('nested'))
    async run(): Promise<void> {
      await Promise.resolve();
      this.buffer.withPolicy(named('block'), () =>
        this.buffer.enqueueWith({ policy: named('own'), name: 'effect' }, () => asked.push('out')),
      );
    }
  }

  @Controller()
  @UseAirlockPolicy(named('class 1'), named('class 2'))
  class Layered {
    constructor(private readonly nested: Nested) {}
    @Get()
    @UseAirlockPolicy(named('method 1'))
    @UseAirlockPolicy(named('method 2'))
    async get() {
      await this.nested.run();
    }
  }

  it.each(['handler', 'request'] as const)(
    "asks them innermost first, at the call and at the flush, under openAt: '%s'",
    async (openAt) => {
      asked.length = 0;
      const server = await listen(
        express,
        { controllers: [Layered], providers: [Nested] },
        { policy: named('module'), boundaries: { http: { policy: named('boundary'), openAt } } },
      );
      expect((await server.request('/')).status).toBe(200);
      await server.fate();
      const order = [
        'own',
        'block',
        'nested',
        'method 1',
        'method 2',
        'class 1',
        'class 2',
        'boundary',
        'module',
      ];
      expect(asked).toEqual([...order.map((name) => `${name}?`), ...order, 'out']);
    },
  );
});

describe('when @UseAirlockPolicy stands on classes and methods', () => {
  abstract class Base {
    constructor(@Inject(Effects) protected readonly effects: Effects) {}
    @Get('inherited')
    @UseAirlockPolicy(new BlockTasks(['method']))
    inherited() {
      for (const name of ['method', 'base', 'one', 'two', 'free']) this.effects.one(name);
    }
  }
  UseAirlockPolicy(new BlockTasks(['base']))(Base);

  @Controller('one')
  @UseAirlockPolicy(new BlockTasks(['one']))
  class One extends Base {}

  @Controller('two')
  @UseAirlockPolicy(new BlockTasks(['two']))
  class Two extends Base {
    @Get('own')
    own() {
      this.inherited();
    }
  }

  @Controller('plain')
  class Plain extends Base {}

  it.each([
    ['/one/inherited', ['two', 'free']],
    ['/two/inherited', ['one', 'free']],
    ['/two/own', ['method', 'one', 'free']],
    ['/plain/inherited', ['one', 'two', 'free']],
  ])('narrows %s by all of them, those of the base class too', async (path, out) => {
    const server = await listen(express, { controllers: [One, Two, Plain] });
    await server.request(path);
    expect((await server.fate()).out).toEqual(out);
  });
});
