import {
  Controller,
  Get,
  Injectable,
  type INestApplication,
  Query,
  type Type,
  UseGuards,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { CqrsModule, QueryBus, QueryHandler } from '@nestjs/cqrs';
import { EventEmitter2, EventEmitterModule, OnEvent } from '@nestjs/event-emitter';
import {
  ClientProxyFactory,
  type ClientProxy,
  MessagePattern,
  Transport,
} from '@nestjs/microservices';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import {
  Airlock,
  AirlockModule,
  type AirlockModuleOptions,
  AirlockService,
  ShuttingDownError,
  SideEffect,
} from 'nestjs-airlock';
import { drain } from 'nestjs-airlock/testing';
import { get } from 'node:http';
import type { AddressInfo, Server } from 'node:net';
import { interval, lastValueFrom, map, type Observable, Subject, take, takeUntil } from 'rxjs';
import {
  boot,
  CANCELLED,
  checkAfterEach,
  delay,
  Effects,
  fateOf,
  gate,
  Log,
  moduleOf,
  recorded,
} from '../e2e/http/fixtures.js';

const never = new Promise<never>(() => {});
let atWork = gate();
const closing: (() => unknown)[] = [];

checkAfterEach();
beforeEach(() => void (atWork = gate()));
afterEach(async () => {
  for (const one of closing.splice(0).toReversed()) await one();
});

async function timeOf(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}

@Controller()
class Hanging {
  constructor(private readonly effects: Effects) {}
  @Get('silent')
  async silent() {
    atWork.open();
    await never;
  }
  @Get('buffering')
  async buffering() {
    this.effects.all();
    atWork.open();
    await never;
  }
}

@Controller()
class Slow {
  static goOn = gate();
  constructor(private readonly effects: Effects) {}
  @Get('slow')
  async slow() {
    atWork.open();
    await Slow.goOn.passed;
    this.effects.one('late');
    return 'done';
  }
  @Get('guarded')
  @UseGuards({
    canActivate: async () => {
      atWork.open();
      await Slow.goOn.passed;
      return true;
    },
  })
  guarded() {
    this.effects.one('too late');
    return 'done';
  }
}

describe('when a request has called no effect when the application is closed', () => {
  beforeEach(() => {
    Slow.goOn = gate();
  });

  async function leaveAt(path: string) {
    const module = moduleOf({ imports: [AirlockModule.forRoot()], controllers: [Slow] });
    const app = recorded(
      await NestFactory.create(module, new ExpressAdapter(), { logger: new Log() }),
    );
    await app.listen(0, '127.0.0.1');
    const { port } = (app.getHttpServer() as Server).address() as AddressInfo;
    const request = get(`http://127.0.0.1:${port}/${path}`).on('error', () => {});
    await atWork.passed;
    const left = new Promise((resolve) => request.on('close', resolve));
    request.destroy();
    await left;
    await delay(50);
    return app;
  }

  it('waits for its handler although the client has left', async () => {
    const app = await leaveAt('slow');
    let isClosed = false;
    const closed = app.close().then(() => (isClosed = true));
    await delay(200);
    expect(isClosed).toBe(false);
    Slow.goOn.open();
    await closed;
    expect(fateOf(app).out).toEqual(['late']);
  });

  it('refuses the first effect of a request that a guard has held up until nobody waits any more', async () => {
    const module = moduleOf({ imports: [AirlockModule.forRoot()], controllers: [Slow] });
    const app = recorded(
      await NestFactory.create(module, new ExpressAdapter(), { logger: new Log() }),
    );
    await app.listen(0, '127.0.0.1');
    const { port } = (app.getHttpServer() as Server).address() as AddressInfo;
    const answer = fetch(`http://127.0.0.1:${port}/guarded`, { headers: { connection: 'close' } });
    await atWork.passed;
    const closed = app.close();
    await delay(100);
    Slow.goOn.open();
    expect((await answer).status).toBe(503);
    await closed;
    expect(fateOf(app)).toMatchObject({ out: [] });
  });
});

const forced = { forceCloseConnections: true };

// Nest 11 leaves those of Fastify to the adapter's own options.
describe.each([
  ['Express', () => new ExpressAdapter()],
  ['Fastify', () => new FastifyAdapter(forced)],
])('on %s', (_name, platform) => {
  async function start(options: AirlockModuleOptions) {
    const log = new Log();
    const module = moduleOf({ imports: [AirlockModule.forRoot(options)], controllers: [Hanging] });
    const app = recorded(
      await NestFactory.create(module, platform() as ExpressAdapter, { logger: log, ...forced }),
    );
    await app.listen(0, '127.0.0.1');
    const { port } = (app.getHttpServer() as Server).address() as AddressInfo;
    const ask = (path: string): void =>
      void get(`http://127.0.0.1:${port}/${path}`).on('error', () => {});
    return { app, log, ask };
  }

  describe('when connections are closed by force and a handler never answers', () => {
    it('does not wait for one that has called no effect', async () => {
      const { app, log, ask } = await start({ shutdownTimeoutMs: 60_000 });
      ask('silent');
      await atWork.passed;
      expect(await timeOf(() => app.close())).toBeLessThan(5_000);
      expect(log.airlock('error')).toEqual([]);
    });

    it('waits for one that has, names it, and takes the end of its connection for a client that leaves', async () => {
      const { app, log, ask } = await start({ shutdownTimeoutMs: 100 });
      ask('buffering');
      await atWork.passed;
      expect(await timeOf(() => app.close())).toBeGreaterThanOrEqual(95);
      expect(log.airlock('error')).toEqual([
        expect.stringContaining('"Hanging.buffering" (open, not out: success'),
      ]);
      await drain(app);
      expect(fateOf(app)).toEqual(CANCELLED);
    });
  });
});

describe('when an application is closed twice at a time', () => {
  it('waits for its work once, and no longer than that takes', async () => {
    const { app, sent } = await boot({}, { shutdownTimeoutMs: 60_000 });
    const go = gate();
    const work = app.get(AirlockService).run(async () => {
      app.get(Effects).one('mail');
      await go.passed;
    });
    const closed = Promise.all([app.close(), app.close()]);
    go.open();
    expect(await timeOf(() => closed)).toBeLessThan(5_000);
    await work;
    expect(sent).toEqual(['mail']);
  });
});

@Controller()
class WithoutEffects {
  @MessagePattern('hang')
  async hang() {
    atWork.open();
    await never;
  }
}

@Controller()
class WithEffects {
  constructor(private readonly effects: Effects) {}
  @MessagePattern('stream')
  stream(): Observable<number> {
    // Nest does not unsubscribe for a client that has left.
    const over = new Subject<void>();
    closing.push(() => over.next());
    return interval(1).pipe(
      takeUntil(over),
      map((n) => (n === 3 && atWork.open(), n)),
    );
  }
  @MessagePattern('slow')
  async slow() {
    atWork.open();
    await delay(50);
    this.effects.one('slow');
  }
}

/** A microservice over TCP, and a client of it. */
async function service(module: Type) {
  const log = new Log();
  const options = { port: 0, host: '127.0.0.1' };
  const app = await NestFactory.createMicroservice(module, {
    transport: Transport.TCP,
    options,
    logger: log,
  });
  await app.listen();
  const { port } = app.unwrap<Server>().address() as AddressInfo;
  const client: ClientProxy = ClientProxyFactory.create({
    transport: Transport.TCP,
    options: { ...options, port },
  });
  await client.connect();
  closing.push(() => client.close() as unknown);
  return { app, client, log };
}

describe('when a message is at work while the application is closed', () => {
  it('is not waited for where nothing calls effects', async () => {
    class AppModule {}
    const module = {
      module: AppModule,
      imports: [AirlockModule.forRoot()],
      controllers: [WithoutEffects],
    };
    const { app, client, log } = await service(module as never);
    client.send('hang', {}).subscribe({ error: () => {} });
    await atWork.passed;
    expect(await timeOf(() => app.close())).toBeLessThan(5_000);
    expect(log.airlock('error')).toEqual([]);
  });

  it('is not waited for while it streams and has called no effect', async () => {
    const module = moduleOf({
      imports: [AirlockModule.forRoot({ shutdownTimeoutMs: 60_000 })],
      controllers: [WithEffects],
    });
    const { app, client, log } = await service(module);
    client.send('stream', {}).subscribe({ error: () => {} });
    await atWork.passed;
    expect(await timeOf(() => app.close())).toBeLessThan(5_000);
    expect(log.airlock('error')).toEqual([]);
  });

  it('is waited for otherwise, with the effects that it calls then', async () => {
    const module = moduleOf({ imports: [AirlockModule.forRoot()], controllers: [WithEffects] });
    const { app, client } = await service(module);
    recorded(app);
    client.send('slow', {}).subscribe({ error: () => {} });
    await atWork.passed;
    await app.close();
    expect(fateOf(app).out).toEqual(['slow']);
  });
});

class Find {
  constructor(readonly effect: boolean) {}
}

@QueryHandler(Find)
class FindHandler {
  constructor(private readonly effects: Effects) {}
  async execute({ effect }: Find): Promise<string> {
    if (effect) this.effects.one('found');
    return 'found';
  }
}

@Injectable()
class Listener {
  readonly heard: string[] = [];
  constructor(private readonly effects: Effects) {}
  @OnEvent('placed')
  async placed(effect: boolean): Promise<void> {
    this.heard.push('placed');
    if (effect) this.effects.one('heard');
  }
}

@Injectable()
class Mail {
  @SideEffect()
  async send(): Promise<void> {}
}

@Controller()
class Orders {
  constructor(
    private readonly queries: QueryBus,
    private readonly mail: Mail,
    private readonly airlock: AirlockService,
    private readonly effects: Effects,
  ) {}
  @Get('find')
  async find(@Query('effect') effect?: string): Promise<string> {
    return this.queries.execute(new Find(effect !== undefined));
  }
  @Get('mail')
  async sendMail(): Promise<string> {
    return this.mail.send().then(
      () => 'sent',
      (error: Error) =>
        `${error.name}, active ${this.effects.buffer.isActive}, in ${this.airlock.currentScope?.name}`,
    );
  }
  @Get('forgotten')
  forgotten(): string {
    void this.mail.send();
    return 'forgotten';
  }
  @MessagePattern('find')
  async message(effect: boolean): Promise<string> {
    if (effect) await this.mail.send();
    return 'message';
  }
}

describe('when work arrives while the application is closed', () => {
  async function start() {
    const log = new Log();
    const module = moduleOf({
      imports: [AirlockModule.forRoot(), CqrsModule.forRoot(), EventEmitterModule.forRoot()],
      controllers: [Orders],
      providers: [FindHandler, Listener, Mail],
    });
    const app: INestApplication = recorded(await NestFactory.create(module, { logger: log }));
    const options = { port: 0, host: '127.0.0.1' };
    const microservice = app.connectMicroservice({ transport: Transport.TCP, options });
    await app.startAllMicroservices();
    await app.listen(0, '127.0.0.1');
    const { port } = microservice.unwrap<Server>().address() as AddressInfo;
    const client = ClientProxyFactory.create({
      transport: Transport.TCP,
      options: { ...options, port },
    });
    await client.connect();
    closing.push(() => client.close() as unknown);
    const go = gate();
    const work = app.get(AirlockService).run(async () => {
      app.get(Effects).one('first');
      await go.passed;
    });
    const closed = app.close();
    await delay(20);
    const url = await app.getUrl();
    return {
      app,
      log,
      client,
      ask: async (path: string) => {
        const response = await fetch(`${url}/${path}`);
        return `${response.status} ${await response.text()}`;
      },
      end: async () => {
        go.open();
        await Promise.all([work, closed]);
      },
    };
  }

  it('is done as ever where it calls no effect: a query of a request, a message, an event', async () => {
    const { app, log, client, ask, end } = await start();
    expect(await ask('find')).toBe('200 found');
    expect(await lastValueFrom(client.send<string>('find', false).pipe(take(1)))).toBe('message');
    await app.get(EventEmitter2).emitAsync('placed', false);
    expect(app.get(Listener).heard).toEqual(['placed']);
    await end();
    expect(log.airlock('error')).toEqual([]);
    expect(fateOf(app)).toEqual({ out: ['first'], dropped: [] });
  });

  it('is refused at its first effect', async () => {
    const { app, log, client, ask, end } = await start();
    expect(await ask('find?effect=1')).toMatch(/^503/);
    await expect(lastValueFrom(client.send('find', true))).rejects.toBeDefined();
    await app.get(EventEmitter2).emitAsync('placed', true);
    const lines = log.lines.filter(({ level }) => level === 'error').map(({ text }) => text);
    expect(lines.some((text) => text.includes('"Listener.placed"'))).toBe(true);
    expect(await ask('mail')).toBe('200 ShuttingDownError, active false, in undefined');
    await end();
    expect(fateOf(app)).toEqual({ out: ['first'], dropped: [] });
  });

  it('rejects such a call, which the log names where nobody listens', async () => {
    const { log, ask, end } = await start();
    expect(await ask('forgotten')).toBe('200 forgotten');
    await end();
    expect(log.airlock('error')).toEqual([
      expect.stringContaining('"Orders.forgotten" was not opened'),
    ]);
  });
});

@Injectable()
class Poller {
  @Airlock()
  async promised(): Promise<void> {}
  /** Carries no sign of what it returns. */
  @Airlock()
  // oxlint-disable-next-line typescript/promise-function-async -- see above.
  unknown() {
    return Promise.resolve();
  }
}

describe('when a poller opens scopes while the application is closed, and awaits none', () => {
  it.each<[string, (service: AirlockService) => unknown]>([
    ['`run`', (service) => void service.run({ name: 'poll' }, () => {})],
    [
      'a nested `run` of one',
      (service) => void service.run({ name: 'poll' }, () => {}).finally(() => {}),
    ],
  ])('is told in the log, and the process stays: %s', async (_what, poll) => {
    const { app, log } = await boot({});
    await app.close();
    poll(app.get(AirlockService));
    await delay(10);
    expect(log.airlock('error')).toEqual([expect.stringContaining('Scope "poll" was not opened')]);
  });

  it.each(['promised', 'unknown'] as const)(
    'is told of a call of an @Airlock() method too: %s',
    async (key) => {
      const { app, log } = await boot({ providers: [Poller] });
      await app.close();
      void app.get(Poller)[key]();
      await delay(10);
      expect(log.airlock('error')).toEqual([
        expect.stringContaining(`Scope "Poller.${key}" was not opened`),
      ]);
      await expect(app.get(Poller)[key]()).rejects.toBeInstanceOf(ShuttingDownError);
      await delay(10);
      expect(log.airlock('error')).toHaveLength(1);
    },
  );

  it('rejects for whoever awaits it', async () => {
    const { app, log } = await boot({});
    await app.close();
    await expect(app.get(AirlockService).run(() => {})).rejects.toBeInstanceOf(ShuttingDownError);
    await delay(10);
    expect(log.airlock('error')).toEqual([]);
  });
});
