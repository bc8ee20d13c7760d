import {
  type ArgumentsHost,
  BadRequestException,
  type CallHandler,
  Catch,
  Controller,
  Delete,
  type ExceptionFilter,
  type ExecutionContext,
  Get,
  HttpCode,
  Injectable,
  type NestInterceptor,
  type PipeTransform,
  Post,
  Query,
  Redirect,
  Res,
  ServiceUnavailableException,
  UseFilters,
  UseInterceptors,
} from '@nestjs/common';
import { catchError, mergeMap, type Observable, of, throwError } from 'rxjs';
import {
  checkAfterEach,
  COMPLETED,
  Effects,
  FAILED,
  listen,
  platforms,
  type Reply,
} from './fixtures.js';

@Injectable()
class RefusingPipe implements PipeTransform {
  constructor(private readonly effects: Effects) {}
  transform(): never {
    this.effects.all();
    throw new BadRequestException('from the pipe');
  }
}

@Injectable()
class RefusingInterceptor implements NestInterceptor {
  constructor(private readonly effects: Effects) {}
  intercept(): never {
    this.effects.all();
    throw new BadRequestException('before the handler');
  }
}

class SpoilingInterceptor implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next
      .handle()
      .pipe(mergeMap(() => throwError(() => new BadRequestException('after the handler'))));
  }
}

class RecoveringInterceptor implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(catchError(() => of('recovered')));
  }
}

@Catch()
class SoothingFilter implements ExceptionFilter {
  catch(_error: unknown, host: ArgumentsHost): void {
    host.switchToHttp().getResponse<Reply>().status(200).send('never mind');
  }
}

@Controller()
class OutcomeController {
  constructor(private readonly effects: Effects) {}

  @Get('200')
  ok() {
    this.effects.all();
    return 'ok';
  }
  @Post('201')
  async created() {
    this.effects.all();
    await Promise.resolve();
    return 'created';
  }
  @Delete('204')
  @HttpCode(204)
  removed() {
    this.effects.all();
  }
  @Get('redirect')
  @Redirect('/200')
  redirect() {
    this.effects.all();
  }
  @Get('res-redirect')
  resRedirect(@Res() res: Reply) {
    this.effects.all();
    res.status(302).redirect('/200');
  }
  @Get('400')
  refused() {
    this.effects.all();
    throw new BadRequestException('refused');
  }
  @Get('503')
  unavailable() {
    this.effects.all();
    throw new ServiceUnavailableException();
  }
  @Get('sync')
  sync() {
    this.effects.all();
    throw new Error('thrown');
  }
  @Get('rejected')
  async rejected() {
    this.effects.all();
    await Promise.resolve();
    throw new Error('rejected');
  }
  @Get('observable')
  observable() {
    this.effects.all();
    return throwError(() => new Error('sent'));
  }
  @Get('pipe')
  piped(@Query('id', RefusingPipe) id: string) {
    return id;
  }
  @Get('interceptor-before')
  @UseInterceptors(RefusingInterceptor)
  interceptedBefore() {
    return 'unreached';
  }
  @Get('interceptor-after')
  @UseInterceptors(SpoilingInterceptor)
  interceptedAfter() {
    this.effects.all();
    return 'ok';
  }
  @Get('interceptor-recovers')
  @UseInterceptors(RecoveringInterceptor)
  recovered() {
    this.effects.all();
    throw new Error('to be recovered from');
  }
  @Get('filter')
  @UseFilters(SoothingFilter)
  soothed() {
    this.effects.all();
    throw new Error('to be hidden');
  }
  @Get('422')
  @HttpCode(422)
  unprocessable() {
    this.effects.all();
    return 'no';
  }
  @Get('409-passthrough')
  conflictPassthrough(@Res({ passthrough: true }) res: Reply) {
    this.effects.all();
    res.status(409);
    return 'conflict';
  }
  @Get('409')
  conflict(@Res() res: Reply) {
    this.effects.all();
    res.status(409).send('conflict');
  }
  @Get('399')
  almost(@Res({ passthrough: true }) res: Reply) {
    this.effects.all();
    res.status(399);
    return 'almost';
  }
}

const parts = { controllers: [OutcomeController], providers: [RefusingPipe, RefusingInterceptor] };

describe.each(platforms)('on %s', (_name, platform) => {
  checkAfterEach();

  const rows = [
    ['a handler answers 200', 'GET', '/200', 200, COMPLETED],
    ['a handler answers 201', 'POST', '/201', 201, COMPLETED],
    ['a handler answers 204', 'DELETE', '/204', 204, COMPLETED],
    ['@Redirect answers 302', 'GET', '/redirect', 302, COMPLETED],
    ['res.redirect answers 302', 'GET', '/res-redirect', 302, COMPLETED],
    ['the status is 399', 'GET', '/399', 399, COMPLETED],
    ['a handler throws a 400 HttpException', 'GET', '/400', 400, FAILED],
    ['a handler throws a 503 HttpException', 'GET', '/503', 503, FAILED],
    ['a handler throws synchronously', 'GET', '/sync', 500, FAILED],
    ['a handler rejects', 'GET', '/rejected', 500, FAILED],
    ['a handler sends an error through an Observable', 'GET', '/observable', 500, FAILED],
    ['a pipe throws', 'GET', '/pipe?id=1', 400, FAILED],
    ['an inner interceptor throws before the handler', 'GET', '/interceptor-before', 400, FAILED],
    [
      'an inner interceptor fails what the handler completed',
      'GET',
      '/interceptor-after',
      400,
      FAILED,
    ],
    ['an inner interceptor recovers from the error', 'GET', '/interceptor-recovers', 200, FAILED],
    ['a filter makes a 200 of the error', 'GET', '/filter', 200, FAILED],
    ['@HttpCode says 422', 'GET', '/422', 422, FAILED],
    ['res.status(409) is called with passthrough', 'GET', '/409-passthrough', 409, FAILED],
    ['res.status(409) is called without passthrough', 'GET', '/409', 409, FAILED],
    ['the request is HEAD', 'HEAD', '/200', 200, COMPLETED],
  ] as const;

  describe.each(rows)('when %s', (_when, method, path, status, fate) => {
    it(`answers ${status}, lets out ${fate.out.join(' and ')} and drops ${fate.dropped.join()}`, async () => {
      const server = await listen(platform, parts);
      expect((await server.request(path, { method })).status).toBe(status);
      expect(await server.fate()).toEqual(fate);
    });
  });

  describe('when a body is sent', () => {
    it('leaves it as the handler, the interceptor or the filter made it', async () => {
      const server = await listen(platform, parts);
      const bodies = await Promise.all(
        ['/200', '/409', '/409-passthrough', '/interceptor-recovers', '/filter'].map((path) =>
          server.request(path),
        ),
      );
      expect(bodies.map(({ body }) => body)).toEqual([
        'ok',
        'conflict',
        'conflict',
        'recovered',
        'never mind',
      ]);
    });
  });

  describe('when an interceptor answers for a handler that failed', () => {
    it('tells in the log what the scope has completed in spite of', async () => {
      const server = await listen(platform, parts, { log: { drops: 'warn' } });
      await server.request('/interceptor-recovers');
      expect(server.log.airlock('warn')).toEqual([
        'OutcomeController.recovered → completed (in spite of Error): 1 effect dropped (outcome): success',
      ]);
    });
  });

  describe('when shouldFlush of the boundary decides', () => {
    it('asks it with the outcome and the scope, about ordinary effects only', async () => {
      const asked: string[] = [];
      const shouldFlush = (outcome: string, scope: { name?: string }) => {
        asked.push(`${outcome} ${scope.name}`);
        return outcome === 'failed';
      };
      const server = await listen(platform, parts, { boundaries: { http: { shouldFlush } } });
      await server.request('/400');
      expect(await server.fate()).toEqual({ out: ['success', 'failure', 'always'], dropped: [] });
      await server.request('/200');
      expect(await server.fate()).toEqual({
        out: ['success', 'failure', 'always', 'always'],
        dropped: ['success', 'failure'],
      });
      expect(asked).toEqual(['failed OutcomeController.refused', 'completed OutcomeController.ok']);
    });
  });
});
