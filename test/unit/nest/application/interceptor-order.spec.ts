import {
  type CallHandler,
  Controller,
  type ExecutionContext,
  Get,
  Injectable,
  Module,
  type NestInterceptor,
} from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import { AirlockModule, EffectBuffer, SkipAirlock } from 'nestjs-airlock';
import { catchError, map, type Observable, throwError } from 'rxjs';
import { checkAfterEach, Effects, moduleOf, platforms, serve } from '../../../e2e/http/fixtures.js';

const [, express] = platforms[0]!;

@Injectable()
class UserInterceptor implements NestInterceptor {
  constructor(private readonly buffer: EffectBuffer) {}
  intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const enqueue = (name: string): void => {
      if (this.buffer.isActive) this.buffer.enqueueWith({ name }, () => {});
    };
    enqueue('before');
    return next.handle().pipe(
      map(() => {
        enqueue('after');
        return this.buffer.intents.map(({ name }) => name);
      }),
      catchError((error: unknown) => (enqueue('failed'), throwError(() => error))),
    );
  }
}

/** Imported before Airlock, as a library's module may be. */
@Module({ providers: [{ provide: APP_INTERCEPTOR, useClass: UserInterceptor }] })
class InterceptingModule {}

@Controller()
class Handlers {
  constructor(private readonly effects: Effects) {}
  @Get()
  get() {
    this.effects.one('handler');
  }
  @Get('fails')
  fails() {
    throw new Error('failed');
  }
  @Get('skipped')
  @SkipAirlock()
  skipped() {}
}

@Controller('skipped-class')
@SkipAirlock()
class SkippedHandlers {
  @Get()
  get() {}
}

checkAfterEach();

describe.each([
  ['before', [InterceptingModule, AirlockModule.forRoot()]],
  ['after', [AirlockModule.forRoot(), InterceptingModule]],
])("when a module with a user's APP_INTERCEPTOR is imported %s Airlock", (_where, imports) => {
  const start = () =>
    serve(express, moduleOf({ imports, controllers: [Handlers, SkippedHandlers] }));

  it('is inside the scope with all it does', async () => {
    const server = await start();
    expect(JSON.parse((await server.request('/')).body)).toEqual(['before', 'handler', 'after']);
  });

  it('has its effects dropped with the request', async () => {
    const server = await start();
    expect((await server.request('/fails')).status).toBe(500);
    expect((await server.fate()).dropped).toEqual(['before', 'failed']);
  });

  it.each(['/skipped', '/skipped-class'])('stays outside under @SkipAirlock: %s', async (path) => {
    const server = await start();
    expect(JSON.parse((await server.request(path)).body)).toEqual([]);
  });
});

describe('when an application adds a global interceptor itself', () => {
  it('is inside the scope too', async () => {
    const module = moduleOf({ imports: [AirlockModule.forRoot()], controllers: [Handlers] });
    const server = await serve(express, module, (app) =>
      app.useGlobalInterceptors(new UserInterceptor(app.get(EffectBuffer))),
    );
    expect(JSON.parse((await server.request('/')).body)).toEqual(['before', 'handler', 'after']);
  });
});
