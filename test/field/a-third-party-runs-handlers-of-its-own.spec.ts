import { Controller, Get, Injectable, Param, type Type } from '@nestjs/common';
import { ExternalContextCreator } from '@nestjs/core';
import { AirlockModule } from 'nestjs-airlock';
import {
  bootModule,
  checkAfterEach,
  COMPLETED,
  Effects,
  FAILED,
  listen,
  moduleOf,
  Outbox,
  platforms,
} from '../e2e/http/fixtures.js';

/** A handler as modules for Discord, RabbitMQ and NATS have them run. */
@Injectable()
class BotHandler {
  constructor(private readonly effects: Effects) {}
  onMessage(text: string): string {
    this.effects.all();
    if (text === 'fail') throw new Error('no such command');
    return `heard ${text}`;
  }
}

const onMessage = Reflect.get(BotHandler.prototype, 'onMessage');

type Handle = (...args: unknown[]) => Promise<unknown>;

function handlerOf(app: { get<T>(type: Type<T>, options?: { strict: boolean }): T }): Handle {
  const handler = app.get(BotHandler);
  const creator = app.get(ExternalContextCreator, { strict: false });
  return creator.create(handler, onMessage as never, 'onMessage') as Handle;
}

describe('when a third party runs a handler that it has made with the external context creator', () => {
  checkAfterEach();
  const boot = async () =>
    bootModule(moduleOf({ imports: [AirlockModule.forRoot()], providers: [BotHandler] }));

  it.each([
    ['nothing beside it', []],
    ['a context of its own', [{ channel: 'orders', raw: undefined }]],
    ['an emitter', [{ once() {}, raw: { once() {} } }]],
  ])('lets its effects out when it completes, with %s', async (_what, more) => {
    const { app, fate } = await boot();
    expect(await handlerOf(app)('hello', ...more)).toBe('heard hello');
    expect(await fate()).toEqual(COMPLETED);
  });

  it('counts as failed when it throws', async () => {
    const { app, fate } = await boot();
    await expect(handlerOf(app)('fail')).rejects.toThrow('no such command');
    expect(await fate()).toEqual(FAILED);
  });

  it('does not hold up a shutdown', async () => {
    const { app } = await boot();
    await handlerOf(app)('hello');
    const startedAt = performance.now();
    await app.close();
    // What would hold it up waits for ten seconds.
    expect(performance.now() - startedAt).toBeLessThan(9_000);
  });
});

@Controller()
class StatusController {
  constructor(private readonly effects: Effects) {}
  @Get('reset/:token')
  reset(@Param('token') token: string): string {
    this.effects.buffer.enqueueWith({ name: 'origin' }, (_token: string) => {}, token);
    return this.effects.buffer.intents.map(({ origin }) => origin).join();
  }
}

describe.each(platforms)('on %s', (_name, platform) => {
  checkAfterEach();

  describe('when the status of a response cannot be read', () => {
    it('ends the scope, answers, and lets nothing ordinary out', async () => {
      const server = await listen(platform, { controllers: [StatusController] });
      const { app } = server;
      const creator = app.get(ExternalContextCreator, { strict: false });
      const handler = new BotHandler(app.get(Effects));
      const call = creator.create(handler, onMessage as never, 'onMessage') as Handle;
      const response = {
        headersSent: false,
        once() {},
        off() {},
        get statusCode(): number {
          throw new Error('gone');
        },
      };
      expect(await call('hello', response)).toBe('heard hello');
      expect(await server.fate()).toEqual({ out: ['failure', 'always'], dropped: ['success'] });
      expect(server.log.airlock('error')).toEqual([expect.stringContaining('gone')]);
    });
  });

  describe('when the path of a request carries a secret', () => {
    it('names the scope after the handler', async () => {
      const server = await listen(platform, {
        controllers: [StatusController],
        providers: [Outbox],
      });
      expect((await server.request('/reset/hunter2')).body).toBe('StatusController.reset');
    });

    it('names it after the route until then, and after the method alone where there is none', async () => {
      const names: string[] = [];
      @Injectable()
      class Guard {
        constructor(private readonly effects: Effects) {}
        canActivate(): boolean {
          this.effects.one('guard', 'always');
          names.push(...this.effects.buffer.intents.map(({ origin }) => String(origin)));
          return false;
        }
      }
      @Controller('secret')
      class GuardedController {
        @Get(':token')
        get(): void {}
      }
      Reflect.defineMetadata('__guards__', [Guard], GuardedController);
      const server = await listen(platform, {
        controllers: [GuardedController],
        providers: [Guard],
      });
      await server.request('/secret/hunter2');
      await server.fate();
      expect(names).toEqual(['GET /secret/:token']);
    });
  });
});
