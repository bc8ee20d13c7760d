import {
  Controller,
  Get,
  Inject,
  Injectable,
  type LoggerService,
  Module,
  SetMetadata,
  type Type,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Processor, WorkerHost } from '@nestjs/bullmq';
import { OnEvent } from '@nestjs/event-emitter';
import { Query, ResolveField, ResolveReference, Resolver } from '@nestjs/graphql';
import { WebSocketGateway } from '@nestjs/websockets';
import {
  Airlock,
  AirlockModule,
  AirlockService,
  DropAll,
  LimitPerFlush,
  SideEffect,
  SkipAirlock,
  UseAirlockPolicy,
} from 'nestjs-airlock';
import { errorOf } from '../unit/core/fixtures.js';

const sent: string[] = [];

@Injectable()
class Mail {
  @SideEffect()
  async send(text: string): Promise<void> {
    sent.push(text);
  }

  @UseAirlockPolicy(DropAll)
  @SideEffect()
  async above(): Promise<void> {
    sent.push('above');
  }

  @SideEffect({ policy: new LimitPerFlush(5) })
  @UseAirlockPolicy(DropAll)
  async below(): Promise<void> {
    sent.push('below');
  }
}

@Injectable()
class Backfill {
  @Inject(Mail) protected readonly mail!: Mail;

  @Airlock()
  @UseAirlockPolicy(DropAll)
  async below(): Promise<void> {
    await this.mail.send('below');
  }

  @UseAirlockPolicy(DropAll)
  @Airlock()
  async above(): Promise<void> {
    await this.mail.send('above');
  }

  @UseAirlockPolicy(new LimitPerFlush(1))
  @Airlock({ policy: { allows: ({ args }) => args[0] !== 'first' } })
  async both(): Promise<void> {
    for (const text of ['first', 'second', 'third']) await this.mail.send(text);
  }

  @Airlock()
  async free(): Promise<void> {
    await this.mail.send('free');
  }
}

@Injectable()
@UseAirlockPolicy(DropAll)
class SilentBackfill extends Backfill {}

@Injectable()
class NightlyBackfill extends SilentBackfill {}

class Lines implements LoggerService {
  readonly warnings: string[] = [];
  log(): void {}
  error(): void {}
  warn(text: unknown): void {
    this.warnings.push(String(text));
  }
}

async function boot(
  classes: readonly Type[],
  options: object = {},
  logger: LoggerService | false = false,
) {
  const controllers = classes.filter(
    (type) => typeof type === 'function' && Reflect.hasMetadata('__controller__', type),
  );
  @Module({
    imports: [AirlockModule.forRoot(options)],
    controllers,
    providers: classes.filter((type) => !controllers.includes(type)),
  })
  class AppModule {}
  const app = await NestFactory.create(AppModule, { logger, abortOnError: false });
  await app.init();
  return app;
}

const dropAll = UseAirlockPolicy(DropAll);

describe('when @UseAirlockPolicy() stands where effects can be narrowed', () => {
  beforeEach(() => (sent.length = 0));

  it.each(['above', 'below'] as const)('counts %s @SideEffect()', async (key) => {
    const app = await boot([Mail]);
    await app.get(AirlockService).run(async () => {
      await app.get(Mail)[key]();
      await app.get(Mail).send('another');
    });
    expect(sent).toEqual(['another']);
    await app.close();
  });

  it.each(['above', 'below'] as const)('counts %s @Airlock()', async (key) => {
    const app = await boot([Mail, Backfill]);
    await app.get(Backfill)[key]();
    expect(sent).toEqual([]);
    await app.close();
  });

  it('adds up with the policy of @Airlock() itself', async () => {
    const app = await boot([Mail, Backfill]);
    await app.get(Backfill).both();
    expect(sent).toEqual(['second']);
    await app.close();
  });

  it('counts on the class of such a method, and on a subclass', async () => {
    const app = await boot([Mail, Backfill, SilentBackfill, NightlyBackfill]);
    await app.get(SilentBackfill).free();
    await app.get(NightlyBackfill).free();
    expect(sent).toEqual([]);
    await app.get(Backfill).free();
    expect(sent).toEqual(['free']);
    await app.close();
  });
});

@Injectable()
@dropAll
class Service {
  work(): void {}
}

@Injectable()
class ServiceMethod {
  @dropAll
  work(): void {}
}

@Injectable()
@dropAll
class OnlyEffects {
  @SideEffect()
  async send(): Promise<void> {}
}

@Injectable()
@SkipAirlock()
class SkippedService {
  work(): void {}
}

@Injectable()
class SkippedEffect {
  @SkipAirlock()
  @SideEffect()
  async send(): Promise<void> {}
}

@Controller('helper')
class ControllerWithHelper {
  @Get()
  get(): void {}

  @dropAll
  helper(): void {}
}

@Injectable()
class Nightly {
  @Airlock({ dispatch: 'afterResponse' })
  async run(): Promise<void> {}
}

@Controller('dispatching')
class Dispatching {
  @Get()
  @Airlock({ dispatch: 'afterResponse' })
  async get(): Promise<void> {}
}

@WebSocketGateway()
@dropAll
@SkipAirlock()
class Sockets {
  handleConnection(): void {}
}

abstract class BaseProcessor extends WorkerHost {
  @dropAll
  async process(): Promise<void> {}
}

@Processor('mails')
class MailProcessor extends BaseProcessor {}

/** Not marked: somebody calls it. */
@Injectable()
class Preview extends BaseProcessor {}

@Resolver()
class Orders {
  @Query(() => String)
  order(): string {
    return 'order';
  }
  @ResolveField(() => String)
  @dropAll
  customer(): string {
    return 'customer';
  }
  @ResolveReference()
  @dropAll
  ofFederation(): string {
    return 'order';
  }
}

describe('when `dispatch` is said of what answers no request', () => {
  it('refuses the boot, by name', async () => {
    const error = await errorOf(() => boot([Nightly]));
    expect(error).toMatchObject({ code: 'AIRLOCK_OPTIONS', key: '@Airlock' });
    expect(error.message).toContain('`dispatch` of `@Airlock()` on `Nightly.run` has no effect');
  });

  it('boots for a route', async () => {
    const app = await boot([Dispatching]);
    expect(app.get(Dispatching)).toBeInstanceOf(Dispatching);
    await app.close();
  });
});

describe('when a decorator is not of use everywhere', () => {
  it('boots where a gateway has no handlers', async () => {
    const app = await boot([Sockets]);
    expect(app.get(Sockets)).toBeInstanceOf(Sockets);
    await app.close();
  });

  it('boots where the method is a handler of another subclass', async () => {
    const lines = new Lines();
    const explorer = { provide: MailProcessor, useFactory: () => new MailProcessor() };
    const app = await boot([Preview, explorer as never], {}, lines);
    expect(lines.warnings).toEqual([]);
    await app.close();
  });

  it.each([
    ['is silent', 'run interceptors', ['interceptors'], 0, ['customer', 'ofFederation', 'order']],
    ['warns', 'run none', [], 2, ['order']],
  ])(
    '%s about fields and references of GraphQL where they %s, and lists what is covered',
    async (_verdict, _how, fieldResolverEnhancers, count, covered) => {
      const lines = new Lines();
      const options = { provide: 'GqlModuleOptions', useValue: { fieldResolverEnhancers } };
      const app = await boot([Orders, options as never], {}, lines);
      expect(lines.warnings).toHaveLength(count);
      const { entryPoints } = app
        .get(AirlockService)
        .explain()
        .boundaries.find(({ name }) => name === 'graphql')!;
      expect(entryPoints.toSorted()).toEqual(covered.map((name) => `Orders.${name}`));
      await app.close();
    },
  );
});

describe('when a decorator stands where it has no effect', () => {
  it.each<[string, Type, string, string]>([
    ['a service', Service, 'UseAirlockPolicy', 'Service'],
    ['a method of a service', ServiceMethod, 'UseAirlockPolicy', 'ServiceMethod.work'],
    ['a class that has effects only', OnlyEffects, 'UseAirlockPolicy', 'OnlyEffects'],
    [
      'a method of a controller that is no handler',
      ControllerWithHelper,
      'UseAirlockPolicy',
      'ControllerWithHelper.helper',
    ],
    ['a service', SkippedService, 'SkipAirlock', 'SkippedService'],
    ['an effect', SkippedEffect, 'SkipAirlock', 'SkippedEffect.send'],
  ])('refuses the boot for %s', async (_, type, decorator, name) => {
    const error = await errorOf(() => boot([type]));
    expect(error).toMatchObject({ code: 'AIRLOCK_OPTIONS', key: `@${decorator}` });
    expect(error.message).toContain(`\`@${decorator}()\` on \`${name}\` has no effect`);
  });

  it('refuses a property where the class is made', () => {
    const decorate = (): void => (dropAll as PropertyDecorator)(Service.prototype, 'saga');
    expect(decorate).toThrow(
      '`@UseAirlockPolicy()` on `Service.saga` has no effect: it is a property',
    );
  });

  const byName = (target: object, key: string): void =>
    Reflect.defineMetadata('discord:command', 'ping', target, key);
  const onClass = (target: object, key: string): void => byName(target.constructor, key);

  it.each<[string, ClassDecorator, MethodDecorator]>([
    ['a method', () => {}, SetMetadata('discord:command', 'ping')],
    ['the name of a method', () => {}, byName as MethodDecorator],
    ['the parameters of a method', () => {}, onClass as MethodDecorator],
    ['a class', SetMetadata('discord:command', 'ping'), () => {}],
  ])(
    'warns where a mark on %s may make a handler for another library of it',
    async (_, markClass, markMethod) => {
      @markClass
      @Injectable()
      class Commands {
        @dropAll
        @markMethod
        ping(): void {}
      }
      const lines = new Lines();
      const app = await boot([Commands], {}, lines);
      expect(lines.warnings).toEqual([expect.stringContaining('on `Commands.ping` has no effect')]);
      await app.close();
    },
  );

  it.each([
    ['UseAirlockPolicy', dropAll],
    ['SkipAirlock', SkipAirlock()],
  ])(
    'warns of @%s() on a class that a mark may make a handler for another library',
    async (_, decorate) => {
      @decorate
      @SetMetadata('discord:command', 'ping')
      @Injectable()
      class Command {
        execute(): void {}
      }
      const lines = new Lines();
      const app = await boot([Command], {}, lines);
      expect(lines.warnings).toEqual([expect.stringContaining('on `Command` has no effect')]);
      await app.close();
    },
  );
});

describe('when an entry point is there but none is covered', () => {
  @Controller('skipped')
  @dropAll
  class Skipped {
    @Get()
    @SkipAirlock()
    get(): void {}
  }

  @Injectable()
  @dropAll
  class Listener {
    @OnEvent('placed')
    @dropAll
    placed(): void {}
  }

  abstract class Base {
    @OnEvent('placed')
    @dropAll
    placed(): void {}
  }

  @Injectable()
  class Heir extends Base {}

  @dropAll
  class Decorated {}

  @Injectable()
  class HelperOfDecorated extends Decorated {}

  it.each<[string, readonly Type[], object]>([
    [
      'a boundary is switched off',
      [Skipped, Listener],
      { boundaries: { http: false, 'event-emitter': false } },
    ],
    ['a handler is skipped', [Skipped], {}],
    ['a handler is inherited', [Heir], {}],
    ['a base class is decorated for other subclasses', [HelperOfDecorated], {}],
  ])('boots where %s', async (_, classes, options) => {
    const app = await boot(classes, options);
    expect(app.get(AirlockService).explain().effects).toEqual([]);
    await app.close();
  });

  it('boots where a controller is provided as a service too', async () => {
    @Module({ imports: [AirlockModule.forRoot()], controllers: [Skipped], providers: [Skipped] })
    class AppModule {}
    const app = await NestFactory.create(AppModule, { logger: false, abortOnError: false });
    await app.init();
    expect(app.get(Skipped)).toBeInstanceOf(Skipped);
    await app.close();
  });
});
