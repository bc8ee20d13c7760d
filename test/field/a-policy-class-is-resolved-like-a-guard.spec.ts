import {
  Controller,
  Get,
  Inject,
  Injectable,
  Module,
  type OnModuleDestroy,
  type OnModuleInit,
  Scope,
} from '@nestjs/common';
import { Test } from '@nestjs/testing';
import {
  Airlock,
  AirlockModule,
  AirlockService,
  EffectBuffer,
  type Executor,
  type Intent,
  type Policy,
  SideEffect,
  UseAirlockPolicy,
} from 'nestjs-airlock';
import { BullMqExecutor } from 'nestjs-airlock/bullmq';
import { ClientProxyExecutor } from 'nestjs-airlock/microservices';
import { PgBossExecutor } from 'nestjs-airlock/pg-boss';
import { EventEmitter2, EventEmitterModule, OnEvent } from '@nestjs/event-emitter';
import { boot, checkAfterEach, Effects, listen, Outbox, platforms } from '../e2e/http/fixtures.js';

const [, express] = platforms[0]!;

checkAfterEach();

const out: string[] = [];
beforeEach(() => void (out.length = 0));

/** What a module blocks. */
@Injectable()
class Blocked {
  constructor(@Inject('BLOCKED') readonly names: readonly string[]) {}
}

@Injectable()
class Blocklist implements Policy {
  @Inject(Blocked) private readonly blocked!: Blocked;

  allows({ name }: Intent): boolean {
    return !this.blocked.names.includes(name);
  }
}

@Injectable()
class Tagged implements Executor {
  constructor(
    @Inject('BLOCKED') private readonly blocked: readonly string[],
    private readonly outbox: Outbox,
  ) {}

  execute({ name }: Intent): void {
    this.outbox.sent.push(`${name} by ${this.blocked.join()}`);
  }
}

const blocking = (...names: string[]) => ({ provide: 'BLOCKED', useValue: names });

class Calls {
  @Inject(EffectBuffer) protected readonly effects!: EffectBuffer;

  protected call(): void {
    for (const name of ['one', 'two', 'three'])
      this.effects.enqueueWith({ name }, () => void out.push(name));
  }
}

@Injectable()
class First extends Calls {
  @Airlock(Blocklist)
  async run(): Promise<void> {
    this.call();
  }
}

@Injectable()
class Second extends Calls {
  @Airlock(Blocklist)
  async run(): Promise<void> {
    this.call();
  }
}

/** Two modules with what their classes need, under the same tokens. */
function twoModules(...more: readonly (new (...args: never[]) => object)[]) {
  @Module({ providers: [First, Blocked, blocking('one'), ...more], exports: [First] })
  class FirstModule {}
  @Module({ providers: [Second, Blocked, blocking('two'), ...more], exports: [Second] })
  class SecondModule {}
  return [FirstModule, SecondModule];
}

describe('when a policy class stands on classes of two modules', () => {
  it.each([
    ['provided by each', [Blocklist]],
    ['provided by none', []],
  ])(
    'is the instance of the module, with what it is injected there, where it is %s',
    async (_, more) => {
      const { app, fate } = await boot({ imports: twoModules(...more) });
      await app.get(First, { strict: false }).run();
      expect((await fate()).dropped).toEqual(['one']);
      await app.get(Second, { strict: false }).run();
      expect((await fate()).dropped).toEqual(['one', 'two']);
    },
  );

  it('is that of each module for a listener that both provide', async () => {
    @Injectable()
    class Listener extends Calls {
      @OnEvent('placed')
      @UseAirlockPolicy(Blocklist)
      placed(): void {
        this.call();
      }
    }
    const { app, fate } = await boot({
      imports: [EventEmitterModule.forRoot(), ...twoModules(Listener)],
    });
    await app.init();
    app.get(EventEmitter2).emit('placed');
    expect((await fate()).dropped).toEqual(['one', 'two']);
  });

  it('is the one that an imported module exports, also through a module in between', async () => {
    @Module({ providers: [Blocklist, Blocked, blocking('three')], exports: [Blocklist] })
    class PolicyModule {}
    @Module({ imports: [PolicyModule], exports: [PolicyModule] })
    class CoreModule {}
    @Module({ providers: [Blocklist, Blocked, blocking('one')] })
    class OtherModule {}
    @Module({ imports: [CoreModule], providers: [First] })
    class FirstModule {}
    const { app, fate } = await boot({ imports: [OtherModule, FirstModule] });
    await app.get(First, { strict: false }).run();
    expect((await fate()).dropped).toEqual(['three']);
  });

  it('is any provider of it where the module sees none', async () => {
    @Module({ providers: [Blocklist, Blocked, blocking('three')] })
    class HiddenModule {}
    const { app, fate } = await boot({ imports: [HiddenModule], providers: [First] });
    await app.get(First).run();
    expect((await fate()).dropped).toEqual(['three']);
  });
});

describe('when a policy class stands on an effect, a controller or a handler', () => {
  @Injectable()
  class Mails {
    @SideEffect({ name: 'one', policy: Blocklist })
    async send(): Promise<void> {}
  }
  @Controller('orders')
  @UseAirlockPolicy(Blocklist)
  class Orders extends Calls {
    @Get()
    place() {
      this.call();
    }
  }

  it('is resolved from the module of each', async () => {
    @Module({ providers: [Mails, Blocked, blocking('one')], exports: [Mails] })
    class MailModule {}
    @Module({ controllers: [Orders], providers: [Blocked, blocking('two')] })
    class OrderModule {}
    const server = await listen(express, { imports: [MailModule, OrderModule] });
    expect((await server.request('/orders')).status).toBe(200);
    await server.app.get(AirlockService).run(async () => server.app.get(Mails).send());
    expect((await server.fate()).dropped).toEqual(['two', 'one']);
  });
});

describe('when one effect class is provided by two modules', () => {
  it("asks each instance's own module", async () => {
    const sent: string[] = [];
    @Injectable()
    class Mails {
      constructor(readonly blocked: Blocked) {}
      @SideEffect({ name: 'one', policy: Blocklist })
      async send(): Promise<void> {
        sent.push(`one, not ${this.blocked.names.join()}`);
      }
    }
    const mails = (token: string, ...names: string[]) => {
      @Module({
        providers: [Mails, Blocked, blocking(...names), { provide: token, useExisting: Mails }],
        exports: [token],
      })
      class MailModule {}
      return MailModule;
    };
    const { app } = await boot({ imports: [mails('A', 'one'), mails('B', 'two')] });
    await app.get(AirlockService).run(async () => {
      for (const token of ['A', 'B', 'A']) await app.get<Mails>(token, { strict: false }).send();
    });
    expect(sent).toEqual(['one, not two']);
  });
});

describe('when options name a class that no module provides', () => {
  it('is built in the module that imports AirlockModule', async () => {
    @Module({
      imports: [
        AirlockModule.forRoot({
          policy: Blocklist,
          executors: { tagged: Tagged },
          executor: Tagged,
        }),
      ],
      providers: [Blocked, blocking('one'), Outbox, Effects],
      exports: [Effects, Outbox],
    })
    class InfraModule {}
    @Module({ imports: [InfraModule], providers: [blocking('two')] })
    class AppModule {}
    const module = await Test.createTestingModule({ imports: [AppModule] }).compile();
    const app = await module.createNestApplication().init();
    await app.get(AirlockService).run(() => {
      for (const name of ['one', 'two']) app.get(Effects, { strict: false }).one(name);
    });
    expect(app.get(Outbox, { strict: false }).sent).toEqual(['two by one']);
    await app.close();
  });

  it('is built where a dynamic module imports it, with options that come from elsewhere', async () => {
    class InfraModule {
      static register() {
        const airlock = AirlockModule.forRootAsync({ useFactory: () => ({ policy: Blocklist }) });
        return {
          module: InfraModule,
          imports: [Promise.resolve(airlock)],
          providers: [Blocked, blocking('one'), Outbox, Effects],
        };
      }
    }
    const module = await Test.createTestingModule({ imports: [InfraModule.register()] }).compile();
    const app = await module.createNestApplication().init();
    await app.get(AirlockService).run(() => app.get(Effects, { strict: false }).one('one'));
    expect(app.get(Outbox, { strict: false }).sent).toEqual([]);
    await app.close();
  });
});

describe('when a class cannot be resolved', () => {
  @Controller()
  @UseAirlockPolicy(Blocklist)
  class OnController {
    @Get()
    get() {}
  }
  @Injectable({ scope: Scope.REQUEST })
  class PerRequest {}
  @Injectable()
  class OnRequest implements Policy {
    constructor(readonly other: PerRequest) {}
    allows(): boolean {
      return this.other !== undefined;
    }
  }
  @Injectable()
  class LeaningOnRequest {
    @Airlock(OnRequest)
    async run(): Promise<void> {}
  }

  it.each([
    ['OnController', { controllers: [OnController] }, {}],
    ['First.run', { providers: [First] }, {}],
    ['`policy` of AirlockModule', {}, { policy: Blocklist }],
    ['`executor` of AirlockModule', {}, { executor: Tagged }],
    ['`executors.mail` of AirlockModule', {}, { executors: { mail: Tagged } }],
    [
      '`boundaries.http.policy` of AirlockModule',
      {},
      { boundaries: { http: { policy: Blocklist } } },
    ],
    ['LeaningOnRequest.run', { providers: [LeaningOnRequest, PerRequest] }, {}],
  ])('does not boot, and says that it stands on %s', async (where, parts, options) => {
    const error = await boot(parts, options).catch((one: unknown) => one as Error);
    expect(error).toMatchObject({ code: 'AIRLOCK_OPTIONS' });
    expect((error as Error).message).toMatch(
      new RegExp(`^${where.replace(/[.`]/g, '.')}: .*(Blocklist|Tagged|OnRequest)`),
    );
  });
});

describe('when an executor is named and its module is not imported', () => {
  it.each([
    [BullMqExecutor, 'AirlockBullMqModule.forRoot(…)', 'bullmq'],
    [PgBossExecutor, 'AirlockPgBossModule.forRoot(…)', 'pg-boss'],
    [ClientProxyExecutor, 'AirlockMicroservicesModule.forRoot(…)', 'microservices'],
  ])('does not boot with %p, and names the module', async (executor, module, from) => {
    await expect(boot({}, { executor })).rejects.toThrow(
      `\`executor\` of AirlockModule: Class \`${executor.name}\` cannot be built, and no module provides it. ` +
        `Import \`${module}\` of \`nestjs-airlock/${from}\`, which provides it.`,
    );
  });
});

describe('when a class is first named at run time', () => {
  it('is the provider of it, or any other', async () => {
    const { app, fate } = await boot({ imports: twoModules(Blocklist).slice(0, 1) });
    await app
      .get(AirlockService)
      .run(() => app.get(EffectBuffer).withPolicy(Blocklist, () => app.get(Effects).one('one')));
    expect((await fate()).dropped).toEqual(['one']);
  });

  it('is refused where nobody provides it and it depends on something', async () => {
    const { app } = await boot({ providers: [Blocked, blocking('one')] });
    const buffer = app.get(EffectBuffer);
    await app.get(AirlockService).run(() => {
      expect(() => buffer.withPolicy(Blocklist, () => {})).toThrow(
        'Class `Blocklist` cannot be built, and no module provides it. ' +
          'Nest builds such classes at boot, and this one is first named later: add it to `providers`.',
      );
    });
  });
});

describe('when Nest builds a policy for Airlock', () => {
  it("calls its module's lifecycle hooks, once", async () => {
    const hooks: string[] = [];
    @Injectable()
    class Loaded implements Policy, OnModuleInit, OnModuleDestroy {
      constructor(private readonly blocked: Blocked) {}
      onModuleInit(): void {
        hooks.push(`loaded ${this.blocked.names.join()}`);
      }
      onModuleDestroy(): void {
        hooks.push('destroyed');
      }
      allows(): boolean {
        return true;
      }
    }
    @Injectable()
    class Job {
      @Airlock(Loaded)
      async run(): Promise<void> {}
      @Airlock(Loaded)
      async runAgain(): Promise<void> {}
    }
    const { app } = await boot({ providers: [Job, Blocked, blocking('one')] });
    expect(hooks).toEqual(['loaded one']);
    await app.close();
    expect(hooks).toEqual(['loaded one', 'destroyed']);
  });

  it('takes what a test puts in place of a provider', async () => {
    const module = await Test.createTestingModule({
      imports: [AirlockModule.forRoot()],
      providers: [First, Blocklist, Blocked, blocking('one')],
    })
      .overrideProvider(Blocklist)
      .useValue({ allows: ({ name }: Intent) => name === 'one' } satisfies Policy)
      .compile();
    const app = await module.createNestApplication().init();
    await app.get(First).run();
    expect(out).toEqual(['one']);
    await app.close();
  });
});

describe('when two applications run the same classes', () => {
  it('gives each its own policy', async () => {
    const one = await boot({ providers: [First, Blocked, blocking('one')] });
    const two = await boot({ providers: [First, Blocked, blocking('two', 'three')] });
    await one.app.get(First).run();
    await two.app.get(First).run();
    expect((await one.fate()).dropped).toEqual(['one']);
    expect((await two.fate()).dropped).toEqual(['two', 'three']);
  });
});
