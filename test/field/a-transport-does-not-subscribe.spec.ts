import { Controller, type INestMicroservice } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  BaseRpcContext,
  type CustomTransportStrategy,
  EventPattern,
  type MessageHandler,
  Payload,
  Server,
} from '@nestjs/microservices';
import { ExpressAdapter } from '@nestjs/platform-express';
import { Airlock, AirlockModule, type AirlockModuleOptions, SkipAirlock } from 'nestjs-airlock';
import { isObservable, lastValueFrom } from 'rxjs';
import {
  checkAfterEach,
  COMPLETED,
  Effects,
  FAILED,
  fateOf,
  Log,
  moduleOf,
  recorded,
  serve,
} from '../e2e/http/fixtures.js';

/** Waits for its handlers and acknowledges then, as some transports of third parties do. */
class WaitingStrategy extends Server implements CustomTransportStrategy {
  listen(callback: () => void): void {
    callback();
  }
  close(): void {}
  on(): void {}
  unwrap<T>(): T {
    return undefined as T;
  }

  /** @returns what the handler has come to when its message is acknowledged */
  async deliver(pattern: string, data: unknown): Promise<unknown> {
    return this.messageHandlers.get(pattern)!(data, {});
  }

  /** Hands an event to Nest, as other transports do, and acknowledges when that has resolved. */
  async deliverByNest(pattern: string, data: unknown): Promise<void> {
    await this.handleEvent(pattern, { pattern, data }, new BaseRpcContext([]));
  }
}

/** The remedy of the page. */
class SubscribingStrategy extends WaitingStrategy {
  override addHandler(
    pattern: unknown,
    handler: MessageHandler,
    isEvent?: boolean,
    extras?: Record<string, unknown>,
  ): void {
    const subscribed = async (...args: Parameters<MessageHandler>): Promise<unknown> => {
      const result: unknown = await handler(...args);
      return isObservable(result) ? lastValueFrom(result, { defaultValue: undefined }) : result;
    };
    super.addHandler(pattern, subscribed as MessageHandler, isEvent, extras);
  }
}

/** A class of its own for each application: Nest keeps what is put on a class. */
function controller() {
  @Controller()
  class OrdersController {
    constructor(readonly effects: Effects) {}

    @EventPattern('placed')
    async onPlaced(@Payload() order: number): Promise<string> {
      this.effects.all();
      if (order === 13) throw new Error('sold out');
      return `order ${order}`;
    }
  }
  return OrdersController;
}

function skippedController() {
  @Controller()
  @SkipAirlock()
  class OrdersController {
    constructor(readonly effects: Effects) {}

    @EventPattern('placed')
    @Airlock()
    async onPlaced(@Payload() order: number): Promise<string> {
      this.effects.all();
      return `order ${order}`;
    }
  }
  return OrdersController;
}

describe('when a transport waits for handlers and does not subscribe to what they return', () => {
  checkAfterEach();

  const hybrid = async (
    type: ReturnType<typeof controller>,
    strategy: WaitingStrategy,
    options?: AirlockModuleOptions,
  ) => {
    const module = moduleOf({ imports: [AirlockModule.forRoot(options)], controllers: [type] });
    const running = await serve(
      () => new ExpressAdapter(),
      module,
      (app) => app.connectMicroservice({ strategy }),
    );
    await running.app.startAllMicroservices();
    return running;
  };

  it('runs handlers of a hybrid application that Airlock is kept off, which open scopes of their own', async () => {
    const strategy = new WaitingStrategy();
    const { app } = await hybrid(skippedController(), strategy);
    expect(await strategy.deliver('placed', 7)).toBe('order 7');
    expect(fateOf(app)).toEqual(COMPLETED);
  });

  it('runs handlers of a hybrid application whose boundary for messages is off', async () => {
    const strategy = new WaitingStrategy();
    const { sent } = await hybrid(controller(), strategy, {
      boundaries: { rpc: false },
      outsideScope: 'drop',
    });
    expect(await strategy.deliver('placed', 7)).toBe('order 7');
    expect(sent).toEqual([]);
  });

  it('runs handlers of a microservice in scopes, if its strategy is made to subscribe', async () => {
    const strategy = new SubscribingStrategy();
    const module = moduleOf({ imports: [AirlockModule.forRoot()], controllers: [controller()] });
    const app: INestMicroservice = recorded(
      await NestFactory.createMicroservice(module, { strategy, logger: new Log() }),
    );
    try {
      await app.listen();
      expect(await strategy.deliver('placed', 7)).toBe('order 7');
      expect(fateOf(app)).toEqual(COMPLETED);
      await expect(strategy.deliver('placed', 13)).rejects.toBeDefined();
      expect(fateOf(app)).toEqual({
        out: [...COMPLETED.out, ...FAILED.out],
        dropped: [...COMPLETED.dropped, ...FAILED.dropped],
      });
    } finally {
      await app.close();
    }
  });

  it.each([
    ['before their effects are out', new WaitingStrategy(), []],
    ['after that, if its strategy is made to subscribe', new SubscribingStrategy(), COMPLETED.out],
  ])('acknowledges events that Nest hands to handlers %s', async (_when, strategy, out) => {
    const running = await hybrid(controller(), strategy);
    await strategy.deliverByNest('placed', 7);
    expect(running.sent).toEqual(out);
    expect(await running.fate()).toEqual(COMPLETED);
  });
});
