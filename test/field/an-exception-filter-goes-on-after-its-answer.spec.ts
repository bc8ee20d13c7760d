import {
  type ArgumentsHost,
  type CanActivate,
  Catch,
  Controller,
  type ExceptionFilter,
  ForbiddenException,
  Get,
  Inject,
  Injectable,
  Scope,
  UseFilters,
  UseGuards,
} from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { AirlockModule, AssertNoEffects, SideEffect } from 'nestjs-airlock';
import {
  checkAfterEach,
  COMPLETED,
  Effects,
  FAILED,
  gate,
  moduleOf,
  platforms,
  type Reply,
  serve,
  until,
} from '../e2e/http/fixtures.js';

let isAnswered = gate();
let isDone = gate();

/** Answers first, and calls effects once the client has its answer. */
@Catch()
class AlertFilter implements ExceptionFilter {
  constructor(@Inject(Effects) private readonly effects: Effects) {}

  async catch({ message }: Error, host: ArgumentsHost): Promise<void> {
    const response = host.switchToHttp().getResponse<Reply>();
    response.status(message === 'nothing to see' ? 200 : 500).send(message);
    await isAnswered.passed;
    this.effects.all();
    isDone.open();
  }
}

class Pager {
  @SideEffect()
  async page(): Promise<void> {}
}

/** Forgets to await an effect that a policy refuses. */
@Catch()
class ForgetfulFilter implements ExceptionFilter {
  constructor(private readonly pager: Pager) {}

  async catch(error: Error, host: ArgumentsHost): Promise<void> {
    host.switchToHttp().getResponse<Reply>().status(500).send(error.message);
    await isAnswered.passed;
    void this.pager.page();
  }
}

/** Returns a query that begins when somebody awaits it, as Nest does not. */
@Catch()
class QueryFilter implements ExceptionFilter {
  readonly isAsked = jest.fn();

  catch(error: Error, host: ArgumentsHost): object {
    host.switchToHttp().getResponse<Reply>().status(500).send(error.message);
    // oxlint-disable-next-line unicorn/no-thenable -- clients have such queries.
    return { then: this.isAsked };
  }
}

@Injectable({ scope: Scope.REQUEST })
class AlertFilterOfRequest extends AlertFilter {}

/** Takes its dependency from the application, as an object that nothing is injected into. */
const alertFilter = new AlertFilter(undefined as never);

@Injectable()
class Guard implements CanActivate {
  canActivate(): boolean {
    throw new ForbiddenException('nothing to see');
  }
}

@Controller()
class ShopController {
  constructor(effects: Effects) {
    Object.assign(alertFilter, { effects });
  }

  @Get('global')
  global(): void {
    throw new Error('sold out');
  }

  @Get('class')
  @UseFilters(AlertFilter)
  class(): void {
    throw new Error('sold out');
  }

  @Get('object')
  @UseFilters(alertFilter)
  object(): void {
    throw new Error('sold out');
  }

  @Get('forgetful')
  @UseFilters(ForgetfulFilter)
  forgetful(): void {
    throw new Error('sold out');
  }

  @Get('guarded')
  @UseGuards(Guard)
  guarded(): void {}
}

/** Apart: a controller with a filter that is made per request is made per request itself. */
@Controller()
class ControllerOfRequest {
  @Get('request')
  @UseFilters(AlertFilterOfRequest)
  request(): void {
    throw new Error('sold out');
  }
}

const modules = {
  APP_FILTER: moduleOf({
    imports: [AirlockModule.forRoot()],
    controllers: [ShopController, ControllerOfRequest],
    providers: [Pager, { provide: APP_FILTER, useClass: AlertFilter }],
  }),
  useGlobalFilters: moduleOf({
    imports: [AirlockModule.forRoot()],
    controllers: [ShopController, ControllerOfRequest],
    providers: [Pager],
  }),
};

checkAfterEach();
beforeEach(() => {
  isAnswered = gate();
  isDone = gate();
});

describe.each(platforms)(
  'on %s, when a filter calls effects after its answer',
  (_name, platform) => {
    it.each([
      ['APP_FILTER', '/global', 500, FAILED],
      ['useGlobalFilters', '/global', 500, FAILED],
      ['useGlobalFilters', '/class', 500, FAILED],
      ['useGlobalFilters', '/object', 500, FAILED],
      ['useGlobalFilters', '/request', 500, FAILED],
      ['APP_FILTER', '/nowhere', 500, FAILED],
      ['APP_FILTER', '/guarded', 200, COMPLETED],
    ] as const)('goes as the request went: %s, %s', async (way, path, status, expected) => {
      const server = await serve(platform, modules[way], (app) => {
        if (way === 'useGlobalFilters') app.useGlobalFilters(alertFilter);
      });
      expect((await server.request(path)).status).toBe(status);
      isAnswered.open();
      await isDone.passed;
      expect(await server.fate()).toEqual(expected);
      expect(server.log.airlock('error')).toEqual([]);
    });

    it('logs a refusal that it listens to as little as Nest does to it', async () => {
      const module = moduleOf({
        imports: [AirlockModule.forRoot({ policy: AssertNoEffects })],
        controllers: [ShopController, ControllerOfRequest],
        providers: [Pager],
      });
      const server = await serve(platform, module);
      await server.request('/forgetful');
      isAnswered.open();
      await until(() => server.log.airlock('error').length > 0);
      expect(server.log.airlock('error').join()).toContain('AssertNoEffects');
    });

    it('awaits no query that it returns', async () => {
      const filter = new QueryFilter();
      const server = await serve(platform, modules.useGlobalFilters, (app) => {
        app.useGlobalFilters(filter);
      });
      await server.request('/global');
      await server.app.close();
      expect(filter.isAsked).not.toHaveBeenCalled();
    });

    it('has a shutdown wait for it', async () => {
      const server = await serve(platform, modules.APP_FILTER);
      await server.request('/global');
      const closing = server.app.close();
      isAnswered.open();
      await closing;
      expect(server.sent).toEqual(FAILED.out);
    });
  },
);
