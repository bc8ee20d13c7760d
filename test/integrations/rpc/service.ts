import { Controller, type INestMicroservice, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  type ClientProxy,
  ClientProxyFactory,
  Ctx,
  EventPattern,
  type MicroserviceOptions,
  Payload,
  type RmqContext,
} from '@nestjs/microservices';
import { AirlockModule } from 'nestjs-airlock';
import { randomUUID } from 'node:crypto';
import { delay, Effects, fateOf, gate, Log, moduleOf, recorded } from '../../e2e/http/fixtures.js';
import type { Transport } from './transports.js';
import { Wire } from './wire.js';

/** One delivery of an order, which waits until it is let go. */
export interface Delivery {
  letGo(): void;
}

/** What a service is told. */
export class Desk {
  readonly deliveries: Delivery[] = [];
  readonly notes: { readonly text: string; readonly size: number }[] = [];
  readonly pings = new Set<string>();

  constructor(private readonly name: string) {}

  /** Patterns are seen by all who share a broker. */
  pattern(of: 'place' | 'note' | 'ping'): string {
    return `${this.name}.${of}`;
  }

  controller(acknowledges: boolean): Type {
    // oxlint-disable-next-line typescript/no-this-alias -- the class below has a `this` of its own.
    const desk = this;
    const on = (of: 'place' | 'note' | 'ping') => EventPattern(desk.pattern(of)) as MethodDecorator;
    @Controller()
    class Orders {
      constructor(private readonly effects: Effects) {}
      @on('place')
      async place(
        @Payload() { fails }: { fails: boolean },
        @Ctx() context: RmqContext,
      ): Promise<void> {
        const { passed, ...waiting } = gate();
        this.effects.all();
        desk.deliveries.push({ letGo: () => waiting.open() });
        await passed;
        if (acknowledges) context.getChannelRef().ack(context.getMessage());
        if (fails) throw new Error('sold out');
      }
      @on('note')
      note(@Payload() { text, padding }: { text: string; padding: string }): void {
        desk.notes.push({ text, size: padding.length });
      }
      @on('ping')
      ping(@Payload() { ping }: { ping: string }): void {
        desk.pings.add(ping);
      }
    }
    return Orders;
  }
}

const close: (() => unknown)[] = [];

/** Closes what a test started, the last first. */
export function closeAfterEach(): void {
  afterEach(async () => {
    for (const one of close.splice(0).toReversed()) await one();
  });
}

export async function wireTo(transport: Transport): Promise<Wire> {
  const wire = await Wire.to(transport.broker!.url);
  close.push(() => wire.close());
  return wire;
}

/** A service that reaches its broker at `url`, and a client whose connection nobody breaks. */
export async function start(transport: Transport, url?: string, acknowledges = false) {
  const name = randomUUID();
  const desk = new Desk(name);
  const module = moduleOf({
    imports: [AirlockModule.forRoot()],
    controllers: [desk.controller(acknowledges)],
  });
  const log = new Log();
  const given = transport.options(url, name) as MicroserviceOptions & { options: object };
  const options = acknowledges ? { ...given, options: { ...given.options, noAck: false } } : given;
  const app: INestMicroservice = recorded(
    await NestFactory.createMicroservice(module, { ...options, logger: log }),
  );
  await app.listen();
  close.push(() => app.close());
  const client = await clientOf({ app, name }, transport);
  return { app, name, desk, client, log, fate: () => fateOf(app) };
}

/** A client of a service whose connection to the broker is `url`. */
export async function clientOf(
  { app, name }: { app: INestMicroservice; name: string },
  transport: Transport,
  url?: string,
) {
  const client = ClientProxyFactory.create(
    await transport.clientOptions(transport.options(url, name), app),
  );
  await client.connect();
  close.push(() => client.close() as unknown);
  return client;
}

/** Resolves once events of a client arrive. Those that were sent meanwhile may be lost, or not. */
export async function arriving(client: ClientProxy, desk: Desk): Promise<void> {
  const ping = randomUUID();
  while (!desk.pings.has(ping)) {
    client.emit(desk.pattern('ping'), { ping });
    await delay(10);
  }
}
