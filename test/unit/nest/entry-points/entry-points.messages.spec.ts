import {
  Controller,
  Get,
  Injectable,
  type NestInterceptor,
  type Type,
  UseInterceptors,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  ClientProxyFactory,
  EventPattern,
  MessagePattern,
  type MicroserviceOptions,
  Transport,
} from '@nestjs/microservices';
import { ExpressAdapter } from '@nestjs/platform-express';
import { AirlockModule, AirlockService, currentScope, EffectBuffer } from 'nestjs-airlock';
import { createServer, type AddressInfo } from 'node:net';
import { lastValueFrom, type Observable, retry, timeout } from 'rxjs';
import {
  checkAfterEach,
  delay,
  Effects,
  moduleOf,
  Outbox,
  serve,
  until,
} from '../../../e2e/http/fixtures.js';

const seen: string[] = [];

/** Of the user, on the class: runs inside the scope. */
@Injectable()
class Noting implements NestInterceptor {
  intercept(_: unknown, next: { handle(): never }): never {
    seen.push(`interceptor in ${currentScope()?.name}`);
    return next.handle();
  }
}

@Controller()
@UseInterceptors(Noting)
class Orders {
  constructor(
    private readonly effects: EffectBuffer,
    private readonly outbox: Outbox,
  ) {}
  @MessagePattern('place')
  place(text: string): string {
    this.effects.enqueue(() => void this.outbox.sent.push(text));
    return `${currentScope()?.name}, parent ${currentScope()?.parent?.name}, active ${this.effects.isActive}`;
  }
  @EventPattern('placed')
  placed(text: string): void {
    this.effects.enqueue(() => void this.outbox.sent.push(text));
  }
  @Get()
  get(): string {
    return this.place('http');
  }
}

/** Of the user, around everything: tries again what fails or takes too long. */
class Trying implements NestInterceptor {
  intercept(_: unknown, next: { handle(): Observable<unknown> }): Observable<unknown> {
    return next.handle().pipe(timeout(50), retry(2));
  }
}

let attempts = 0;

@Controller()
@UseInterceptors(Noting)
class Flaky {
  constructor(private readonly effects: Effects) {}
  @MessagePattern('flaky')
  async flaky(): Promise<string> {
    const attempt = `attempt ${++attempts}`;
    this.effects.one(attempt);
    if (attempts === 1) throw new Error('transient');
    if (attempts === 2) await delay(200);
    return attempt;
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function clientOf(port: number) {
  const client = ClientProxyFactory.create({
    transport: Transport.TCP,
    options: { host: '127.0.0.1', port },
  });
  clients.push(client);
  await client.connect();
  return client;
}

const clients: { close(): unknown }[] = [];

function tcp(port: number): MicroserviceOptions {
  return { transport: Transport.TCP, options: { host: '127.0.0.1', port } };
}

async function hybrid(
  module: Type,
  inheritAppConfig: boolean,
  ...interceptors: readonly NestInterceptor[]
) {
  const port = await freePort();
  const booted = await serve(
    () => new ExpressAdapter(),
    module,
    (app) => {
      const service = app.connectMicroservice(tcp(port), {
        inheritAppConfig,
        deferInitialization: true,
      });
      service.useGlobalInterceptors(...interceptors);
    },
  );
  await booted.app.startAllMicroservices();
  return { ...booted, client: await clientOf(port) };
}

const withAirlock = () =>
  moduleOf({ imports: [AirlockModule.forRoot()], controllers: [Orders], providers: [Noting] });

beforeEach(() => void (seen.length = 0));
checkAfterEach();
afterEach(async () => {
  for (const client of clients.splice(0)) await client.close();
});

const place = 'Orders.place, parent undefined, active true';

describe.each([
  ['its own configuration', false],
  ['the configuration of the application', true],
])('when a hybrid application connects a microservice with %s', (_, inheritAppConfig) => {
  it('opens exactly one scope per message, outside of the interceptors of the class', async () => {
    const { client, sent } = await hybrid(withAirlock(), inheritAppConfig);
    expect(await lastValueFrom(client.send('place', 'message'))).toBe(place);
    await lastValueFrom(client.emit('placed', 'event'));
    await until(() => sent.length === 2);
    expect(sent).toEqual(['message', 'event']);
    expect(seen).toEqual(['interceptor in Orders.place', 'interceptor in Orders.placed']);
  });

  it('opens the one of HTTP for a request to the same controller', async () => {
    const { request, sent } = await hybrid(withAirlock(), inheritAppConfig);
    expect((await request('/')).body).toBe('Orders.get, parent undefined, active true');
    expect(sent).toEqual(['http']);
  });
});

describe('when an interceptor of the microservice tries a message again', () => {
  it('opens a scope for each attempt, and lets out the effects of the one that succeeds', async () => {
    attempts = 0;
    const module = moduleOf({
      imports: [AirlockModule.forRoot()],
      controllers: [Flaky],
      providers: [Noting],
    });
    const { client, fate } = await hybrid(module, false, new Trying());
    expect(await lastValueFrom(client.send('flaky', {}))).toBe('attempt 3');
    expect(seen).toEqual(Array.from({ length: 3 }, () => 'interceptor in Flaky.flaky'));
    expect(await fate()).toEqual({ out: ['attempt 3'], dropped: ['attempt 1', 'attempt 2'] });
  });
});

describe('when applications share a controller of messages', () => {
  it('opens the scope of the one that has got the message', async () => {
    const [first, second] = [
      await hybrid(withAirlock(), false),
      await hybrid(withAirlock(), false),
    ];
    expect(await lastValueFrom(first.client.send('place', '1'))).toBe(place);
    expect(await lastValueFrom(second.client.send('place', '2'))).toBe(place);
    expect([first.sent, second.sent]).toEqual([['1'], ['2']]);
  });

  it('leaves one without Airlock alone', async () => {
    await hybrid(withAirlock(), false);
    const none = { provide: EffectBuffer, useValue: { enqueue: () => {}, isActive: false } };
    const { client } = await hybrid(
      moduleOf({ controllers: [Orders], providers: [Noting, none] }),
      false,
    );
    expect(await lastValueFrom(client.send('place', '1'))).toBe(
      'undefined, parent undefined, active false',
    );
  });
});

describe('when a microservice stands alone', () => {
  it('opens one scope per message, and explains its handlers', async () => {
    const port = await freePort();
    const app = await NestFactory.createMicroservice(withAirlock(), {
      ...tcp(port),
      logger: false,
    });
    await app.listen();
    try {
      const client = await clientOf(port);
      expect(await lastValueFrom(client.send('place', 'a'))).toBe(place);
      await delay(1);
      expect(app.get(Outbox).sent).toEqual(['a']);
      const { entryPoints } = app
        .get(AirlockService)
        .explain()
        .boundaries.find(({ name }) => name === 'rpc')!;
      expect(entryPoints).toEqual(['Orders.place', 'Orders.placed']);
    } finally {
      await app.close();
    }
  });
});
