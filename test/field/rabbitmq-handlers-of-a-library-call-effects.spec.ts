import { type DynamicModule, Injectable } from '@nestjs/common';
import {
  AirlockService,
  BlockTasks,
  currentScope,
  SkipAirlock,
  UseAirlockPolicy,
} from 'nestjs-airlock';
import { randomUUID } from 'node:crypto';
import { boot, checkAfterEach, COMPLETED, Effects, FAILED, until } from '../e2e/http/fixtures.js';
import { describeWith, rabbitmq } from '../servers.js';

/** What is used of `@golevelup/nestjs-rabbitmq`. */
interface Library {
  readonly RabbitMQModule: { forRoot(options: object): DynamicModule };
  readonly RabbitSubscribe: (options: object) => MethodDecorator;
  readonly RabbitRPC: (options: object) => MethodDecorator;
  readonly AmqpConnection: new () => Connection;
  readonly Nack: new (requeue?: boolean) => object;
}

interface Connection {
  publish(exchange: string, routingKey: string, message: unknown): Promise<boolean>;
  request<T>(options: object): Promise<T>;
}

const { version } = jest.requireActual<{ version: string }>('@nestjs/core/package.json');
// Its peers are those of Nest 11.
const isThere = version.startsWith('11.');

const library = (): Library => jest.requireActual('@golevelup/nestjs-rabbitmq');
const skipped = describe.skip;

const suite = (): void => {
  /** Exchange and queues of one test, which go with their connection. */
  function declare() {
    const { RabbitSubscribe, RabbitRPC, Nack } = library();
    const exchange = `airlock-${randomUUID()}`;
    const on = (routingKey: string): object => ({
      exchange,
      routingKey,
      queue: `${exchange}-${routingKey}`,
      queueOptions: { durable: false, autoDelete: true },
    });

    @Injectable()
    class Orders {
      readonly seen: string[] = [];
      constructor(private readonly effects: Effects) {}

      @RabbitSubscribe(on('place'))
      async place({ fails }: { fails: boolean }): Promise<object | undefined> {
        await Promise.resolve();
        this.effects.all();
        this.seen.push(`${currentScope()?.name}`);
        if (!fails) return undefined;
        // Not put back into the queue.
        throw new Error('sold out');
      }

      @RabbitSubscribe(on('refuse'))
      async refuse(): Promise<object> {
        this.effects.all();
        this.seen.push('refused');
        return new Nack(false);
      }

      @RabbitRPC({ ...on('price'), errorHandler: replyWithError })
      async price({ fails }: { fails: boolean }): Promise<{ price: number }> {
        this.effects.all();
        if (fails) throw new Error('no price');
        return { price: 7 };
      }

      @RabbitSubscribe(on('narrowed'))
      @UseAirlockPolicy(new BlockTasks(['success']))
      async narrowed(): Promise<void> {
        this.effects.all();
        this.seen.push('narrowed');
      }

      @RabbitSubscribe(on('skipped'))
      @SkipAirlock()
      async skipped(): Promise<void> {
        this.seen.push(`active: ${this.effects.buffer.isActive}`);
      }
    }
    return { exchange, Orders };
  }

  async function start() {
    const { RabbitMQModule, AmqpConnection } = library();
    const { exchange, Orders } = declare();
    const booted = await boot({
      imports: [
        RabbitMQModule.forRoot({
          uri: rabbitmq.url,
          exchanges: [
            { name: exchange, type: 'direct', options: { durable: false, autoDelete: true } },
          ],
          connectionInitOptions: { wait: true, timeout: 10_000 },
          defaultSubscribeErrorBehavior: 'NACK',
        }),
      ],
      providers: [Orders],
    });
    await booted.app.init();
    const connection = booted.app.get(AmqpConnection, { strict: false });
    const { seen } = booted.app.get(Orders);
    return {
      ...booted,
      seen,
      publish: async (routingKey: string, message: object = {}) =>
        connection.publish(exchange, routingKey, message),
      ask: async (message: object) =>
        connection.request<unknown>({
          exchange,
          routingKey: 'price',
          payload: message,
          timeout: 5_000,
        }),
    };
  }

  checkAfterEach();

  it.each([
    ['lets effects out', 'completes', false, COMPLETED],
    ['drops them', 'fails', true, FAILED],
  ])('%s where a message %s', async (_what, _how, fails, expected) => {
    const { seen, publish, fate } = await start();
    await publish('place', { fails });
    await until(() => seen.length === 1);
    expect(await fate()).toEqual(expected);
    expect(seen).toEqual(['Orders.place']);
  });

  it('has failed where it gives the message back by `Nack`', async () => {
    const { seen, publish, fate } = await start();
    await publish('refuse');
    await until(() => seen.length === 1);
    expect(await fate()).toEqual(FAILED);
  });

  it('lets effects of a request out, and answers as ever', async () => {
    const { ask, fate } = await start();
    expect(await ask({ fails: false })).toEqual({ price: 7 });
    expect(await fate()).toEqual(COMPLETED);
  });

  it('drops those of a request that fails, whose caller is told as ever', async () => {
    const { ask, fate } = await start();
    expect(await ask({ fails: true })).toEqual({ status: 'error', message: 'no price' });
    expect(await fate()).toEqual(FAILED);
  });

  it('binds the policies of the method, and opens nothing under @SkipAirlock()', async () => {
    const { app, seen, publish, fate } = await start();
    await publish('narrowed');
    await publish('skipped');
    await until(() => seen.length === 2);
    expect(await fate()).toEqual({ out: ['always'], dropped: ['failure', 'success'] });
    expect(seen.toSorted()).toEqual(['active: false', 'narrowed']);
    expect(app.get(AirlockService).currentScope).toBeUndefined();
  });
};

/** What the library leaves to its users: without it a request that fails is never answered. */
function replyWithError(
  channel: {
    publish(exchange: string, key: string, content: Buffer, options: object): void;
    ack(message: object): void;
  },
  message: { properties: { replyTo: string; correlationId: string } },
  error: Error,
): void {
  const { replyTo, correlationId } = message.properties;
  channel.publish(
    '',
    replyTo,
    Buffer.from(JSON.stringify({ status: 'error', message: error.message })),
    {
      correlationId,
    },
  );
  channel.ack(message);
}

const title = 'when @golevelup/nestjs-rabbitmq hands a message to a handler';
if (isThere) describeWith(rabbitmq, title, suite);
else skipped(`${title} (skipped: it is made for Nest 11)`, suite);
