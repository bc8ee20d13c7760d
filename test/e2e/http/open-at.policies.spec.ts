import {
  type CallHandler,
  type CanActivate,
  Catch,
  Controller,
  type ArgumentsHost,
  type ExceptionFilter,
  type ExecutionContext,
  Get,
  Injectable,
  type MiddlewareConsumer,
  Module,
  type NestInterceptor,
  type NestMiddleware,
  type NestModule,
  Param,
  type PipeTransform,
  type Type,
  UseFilters,
  UseGuards,
  UseInterceptors,
} from '@nestjs/common';
import {
  AirlockModule,
  BlockTasks,
  DropAll,
  EffectBuffer,
  type PolicyRef,
  UseAirlockPolicy,
} from 'nestjs-airlock';
import { checkAfterEach, Effects, Outbox, platforms, type Reply, serve } from './fixtures.js';

@Injectable()
class Middleware implements NestMiddleware {
  constructor(private readonly effects: Effects) {}
  use(_request: unknown, _response: unknown, next: () => void): void {
    this.effects.one('middleware', 'always');
    next();
  }
}

@Injectable()
class Guard implements CanActivate {
  constructor(
    private readonly effects: Effects,
    private readonly buffer: EffectBuffer,
  ) {}
  canActivate(): boolean {
    this.effects.one('guard', 'always');
    this.buffer.withPolicy(DropAll, () => this.effects.one('guard under withPolicy', 'always'));
    return true;
  }
}

@Injectable()
class Interceptor implements NestInterceptor {
  constructor(private readonly effects: Effects) {}
  intercept(_context: ExecutionContext, next: CallHandler) {
    this.effects.one('interceptor', 'always');
    return next.handle();
  }
}

@Injectable()
class Pipe implements PipeTransform {
  constructor(private readonly effects: Effects) {}
  transform(value: string): string {
    this.effects.one('pipe', 'always');
    return value;
  }
}

@Injectable()
@Catch()
class Filter implements ExceptionFilter {
  constructor(private readonly effects: Effects) {}
  catch(_error: unknown, host: ArgumentsHost): void {
    this.effects.one('filter', 'always');
    host.switchToHttp().getResponse<Reply>().status(500).send('filtered');
  }
}

@Controller()
@UseGuards(Guard)
@UseInterceptors(Interceptor)
@UseFilters(Filter)
class OnMethod {
  constructor(private readonly effects: Effects) {}
  @Get('method/:id')
  @UseAirlockPolicy(DropAll)
  get(@Param('id', Pipe) id: string): never {
    return this.fail(id);
  }
  protected fail(id: string): never {
    this.effects.one('handler', 'always');
    throw new Error(`for the filter: ${id}`);
  }
}

@Controller()
@UseAirlockPolicy(DropAll)
class OnClass extends OnMethod {
  @Get('class/:id')
  override get(@Param('id', Pipe) id: string): never {
    return this.fail(id);
  }
}

function application(policy?: PolicyRef): Type {
  const http = { openAt: 'request', ...(policy !== undefined && { policy }) } as const;
  @Module({
    imports: [AirlockModule.forRoot({ boundaries: { http } })],
    controllers: [OnMethod, OnClass],
    providers: [Outbox, Effects],
  })
  class PolicyModule implements NestModule {
    configure(consumer: MiddlewareConsumer): void {
      consumer.apply(Middleware).forRoutes('*path');
    }
  }
  return PolicyModule;
}

describe.each(platforms)('on %s', (_name, platform) => {
  checkAfterEach();

  describe.each(['method', 'class'])(
    'when @UseAirlockPolicy stands on a %s and scopes open with the request',
    (where) => {
      it('binds the handler with its interceptors and pipes, not middlewares, guards and exception filters', async () => {
        const server = await serve(platform, application());
        expect(await server.request(`/${where}/1`)).toMatchObject({
          status: 500,
          body: 'filtered',
        });
        expect(await server.fate()).toEqual({
          out: ['middleware', 'guard', 'filter'],
          dropped: ['guard under withPolicy', 'interceptor', 'pipe', 'handler'],
        });
      });

      it('leaves those to the policy of the boundary', async () => {
        const server = await serve(
          platform,
          application(new BlockTasks(['middleware', 'guard', 'filter'])),
        );
        await server.request(`/${where}/1`);
        expect((await server.fate()).out).toEqual([]);
      });
    },
  );
});
