import { Controller, type INestMicroservice } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  ClientProxyFactory,
  Ctx,
  EventPattern,
  MessagePattern,
  type MicroserviceOptions,
  Payload,
  type RmqContext,
  type RmqOptions,
  ServerRMQ,
} from '@nestjs/microservices';
import { AirlockModule } from 'nestjs-airlock';
import { drain } from 'nestjs-airlock/testing';
import { randomUUID } from 'node:crypto';
import { lastValueFrom } from 'rxjs';
import {
  checkAfterEach,
  COMPLETED,
  Effects,
  FAILED,
  fateOf,
  Log,
  moduleOf,
  Outbox,
  recorded,
  until,
} from '../e2e/http/fixtures.js';
import { overRabbitmq } from '../integrations/rpc/transports.js';
import { describeWith, rabbitmq } from '../servers.js';

/** How each delivery of a message ends, in turn. */
type Ends = 'ack' | 'nack' | 'nack, to be delivered again' | 'reject';

interface Channel {
  ack(message: object): void;
  nack(message: object, allUpTo?: boolean, requeue?: boolean): void;
  reject(message: object, requeue?: boolean): void;
}

const pattern = `given-back-${randomUUID()}`;
const eventPattern = `${pattern}-event`;
const open: (() => unknown)[] = [];

@Controller()
class OrdersController {
  private deliveries = 0;
  constructor(private readonly effects: Effects) {}

  @MessagePattern(pattern)
  async place(@Payload() ends: Ends[], @Ctx() context: RmqContext): Promise<string> {
    const channel = context.getChannelRef() as Channel;
    const message = context.getMessage();
    const how = ends[this.deliveries++];
    this.effects.all();
    await Promise.resolve();
    if (how === 'ack') channel.ack(message);
    else if (how === 'reject') channel.reject(message, false);
    else channel.nack(message, false, how === 'nack, to be delivered again');
    return `delivery ${this.deliveries}`;
  }

  @(EventPattern(eventPattern) as MethodDecorator)
  async onPlaced(@Payload() ends: Ends[], @Ctx() context: RmqContext): Promise<void> {
    await this.place(ends, context);
  }
}

checkAfterEach();
afterEach(async () => {
  for (const close of open.splice(0).toReversed()) await close();
});

/** Hands the channel on as it has it itself: that of `amqp-connection-manager`, without `reject`. */
class OwnStrategy extends ServerRMQ {
  override async handleMessage(message: Record<string, any>): Promise<void> {
    return super.handleMessage(message, this.channel);
  }
}

async function start(strategy?: typeof OwnStrategy) {
  const options = overRabbitmq.options() as RmqOptions;
  const settings = { ...options.options, noAck: false };
  const log = new Log();
  const module = moduleOf({
    imports: [AirlockModule.forRoot({ log: { scopes: 'log' } })],
    controllers: [OrdersController],
  });
  const app: INestMicroservice = recorded(
    await NestFactory.createMicroservice<MicroserviceOptions>(module, {
      ...(strategy === undefined
        ? { ...options, options: settings }
        : { strategy: new strategy(settings) }),
      logger: log,
    }),
  );
  await app.listen();
  open.push(() => app.close());
  const client = ClientProxyFactory.create(options);
  open.push(() => client.close() as unknown);
  return {
    log,
    sent: app.get(Outbox).sent,
    place: async (...ends: Ends[]) => lastValueFrom(client.send<string>(pattern, ends)),
    emit: async (...ends: Ends[]) =>
      lastValueFrom(client.emit<undefined>(eventPattern, ends), { defaultValue: undefined }),
    fate: async () => {
      await drain(app);
      return fateOf(app);
    },
  };
}

describeWith(rabbitmq, 'when a handler of RabbitMQ ends its message itself and returns', () => {
  it('lets its effects out where it acknowledges', async () => {
    const { place, fate } = await start();
    expect(await place('ack')).toBe('delivery 1');
    expect(await fate()).toEqual(COMPLETED);
  });

  it.each(['nack', 'reject'] as const)('has failed, and answers as ever, by `%s`', async (how) => {
    const { place, fate, log } = await start();
    expect(await place(how)).toBe('delivery 1');
    expect(await fate()).toEqual(FAILED);
    expect(log.airlock('log').join('\n')).toContain('failed (message given back)');
  });

  it('has failed as well where the channel has fewer methods', async () => {
    const { place, fate } = await start(OwnStrategy);
    expect(await place('nack')).toBe('delivery 1');
    expect(await fate()).toEqual(FAILED);
  });

  it('lets out those of the next delivery, once', async () => {
    const { emit, sent, fate } = await start();
    await emit('nack, to be delivered again', 'ack');
    await until(() => sent.length === 4);
    expect(await fate()).toEqual({
      out: [...FAILED.out, ...COMPLETED.out],
      dropped: [...FAILED.dropped, ...COMPLETED.dropped],
    });
  });
});
