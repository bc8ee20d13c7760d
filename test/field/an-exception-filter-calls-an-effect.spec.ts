import {
  type ArgumentsHost,
  Body,
  type CanActivate,
  Catch,
  Controller,
  type ExceptionFilter,
  Get,
  Injectable,
  type MiddlewareConsumer,
  Module,
  type NestMiddleware,
  type NestModule,
  Post,
  UseFilters,
  UseGuards,
} from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { AirlockModule } from 'nestjs-airlock';
import type { AddressInfo } from 'node:net';
import {
  checkAfterEach,
  delay,
  Effects,
  fateOf,
  Outbox,
  platforms,
  recorded,
  type Reply,
  serve,
} from '../e2e/http/fixtures.js';

/**
 * Calls back from a timer that was there before any request, as a pooled connection of a session
 * store does.
 */
class Elsewhere {
  private readonly waiting: (() => void)[] = [];
  private readonly timer = setInterval(
    () => this.waiting.splice(0).forEach((next) => next()),
    5,
  ).unref();
  readonly middleware = (_request: unknown, _response: unknown, next: () => void): void =>
    void this.waiting.push(next);
  stop(): void {
    clearInterval(this.timer);
  }
}

@Catch()
class AlertFilter implements ExceptionFilter {
  constructor(private readonly effects: Effects) {}
  async catch(error: Error, host: ArgumentsHost): Promise<void> {
    await delay(1);
    this.effects.all();
    host.switchToHttp().getResponse<Reply>().status(418).send(error.message);
  }
}

@Injectable()
class Guard implements CanActivate {
  constructor(private readonly effects: Effects) {}
  canActivate(): boolean {
    this.effects.one('guard');
    return true;
  }
}

@Injectable()
class Middleware implements NestMiddleware {
  constructor(private readonly effects: Effects) {}
  use(_request: unknown, _response: unknown, next: () => void): void {
    this.effects.one('middleware');
    next();
  }
}

@Controller()
class ShopController {
  constructor(private readonly effects: Effects) {}
  @Get('fails')
  @UseFilters(AlertFilter)
  fails(): void {
    throw new Error('sold out');
  }
  @Post('order')
  @UseGuards(Guard)
  order(@Body() _order: unknown): string {
    this.effects.one('handler');
    return 'ordered';
  }
}

@Module({
  imports: [AirlockModule.forRoot()],
  controllers: [ShopController],
  providers: [Outbox, Effects, { provide: APP_FILTER, useClass: AlertFilter }],
})
class ShopModule implements NestModule {
  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(Middleware).forRoutes('order');
  }
}

const order = (body: string) => ({
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body,
});

describe.each(platforms)('on %s', (_name, platform) => {
  checkAfterEach();
  const elsewhere = new Elsewhere();
  afterAll(() => elsewhere.stop());

  describe('when an asynchronous exception filter calls effects after a handler has failed', () => {
    it('gives the client its answer, and what was for failure goes out', async () => {
      const server = await serve(platform, ShopModule);
      expect(await server.request('/fails')).toMatchObject({ status: 418, body: 'sold out' });
      expect(await server.fate()).toEqual({ out: ['failure', 'always'], dropped: ['success'] });
    });
  });

  describe('when a body cannot be parsed and a global filter calls effects', () => {
    it('decides them by the status that the filter has sent', async () => {
      const server = await serve(platform, ShopModule);
      expect((await server.request('/order', order('{ broken'))).status).toBe(418);
      const { out, dropped } = await server.fate();
      expect(out).toEqual(['failure', 'always']);
      expect(dropped).toContain('success');
    });
  });

  describe('when no route matches and a global filter calls effects', () => {
    it('decides them by the status that the filter has sent', async () => {
      const server = await serve(platform, ShopModule);
      expect((await server.request('/nowhere')).status).toBe(418);
      expect(await server.fate()).toEqual({ out: ['failure', 'always'], dropped: ['success'] });
    });
  });

  describe('when a middleware in main.ts goes on from the asynchronous context of something else', () => {
    it('keeps what middlewares, guards and the handler call in the scope of their request', async () => {
      const server = await serve(platform, ShopModule, (app) => void app.use(elsewhere.middleware));
      const answers = await Promise.all(
        [1, 2, 3].map(async () => server.request('/order', order('{}'))),
      );
      expect(answers.map(({ body }) => body)).toEqual(['ordered', 'ordered', 'ordered']);
      const { out } = await server.fate();
      expect([...out].sort()).toEqual(
        ['guard', 'handler', 'middleware'].flatMap((one) => [one, one, one]),
      );
    });

    it('gives exception filters the scope back too', async () => {
      const server = await serve(platform, ShopModule, (app) => void app.use(elsewhere.middleware));
      expect((await server.request('/fails')).status).toBe(418);
      expect((await server.request('/nowhere')).status).toBe(418);
      expect((await server.fate()).out).toEqual(['failure', 'always', 'failure', 'always']);
    });
  });

  describe('when a middleware that was registered before the application was initialised calls an effect', () => {
    it('is in the scope of the request, also in an application of a testing module', async () => {
      const module = await Test.createTestingModule({ imports: [ShopModule] }).compile();
      const app = module.createNestApplication(platform(), { logger: false });
      const effects = app.get(Effects);
      app.use((_request: unknown, _response: unknown, next: () => void) => {
        effects.one('main.ts');
        next();
      });
      app.setGlobalPrefix('api');
      recorded(app);
      await app.listen(0, '127.0.0.1');
      const { port } = app.getHttpServer().address() as AddressInfo;
      const answer = await fetch(`http://127.0.0.1:${port}/api/order`, order('{}'));
      expect(await answer.text()).toBe('ordered');
      await app.close();
      expect(fateOf(app).out).toEqual(['main.ts', 'middleware', 'guard', 'handler']);
    });
  });
});
