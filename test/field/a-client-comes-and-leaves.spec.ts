import { Inject, Injectable, Scope, type Type } from '@nestjs/common';
import { NestFactory, REQUEST } from '@nestjs/core';
import { type CustomTransportStrategy, Server } from '@nestjs/microservices';
import { ExpressAdapter } from '@nestjs/platform-express';
import {
  type OnGatewayConnection,
  type OnGatewayDisconnect,
  WebSocketGateway,
} from '@nestjs/websockets';
import {
  AirlockModule,
  type AirlockModuleOptions,
  AirlockService,
  currentScope,
  DropAll,
  SkipAirlock,
  UseAirlockPolicy,
} from 'nestjs-airlock';
import {
  checkAfterEach,
  COMPLETED,
  Effects,
  FAILED,
  Log,
  moduleOf,
  Outbox,
  recorded,
  serve,
  until,
} from '../e2e/http/fixtures.js';
import { adapters, type Sockets } from '../integrations/ws/sockets.js';
import { freePort } from '../own-servers/own.server.js';

const { version } = jest.requireActual<{ version: string }>('@nestjs/core/package.json');

@WebSocketGateway()
class Presence implements OnGatewayConnection, OnGatewayDisconnect {
  readonly seen: string[] = [];
  constructor(private readonly effects: Effects) {}

  async handleConnection(client: object): Promise<string> {
    await Promise.resolve();
    this.effects.all();
    this.seen.push(`comes, in ${currentScope()?.name}`);
    if (client instanceof Date) throw new Error('banned');
    return 'welcome';
  }

  async handleDisconnect(): Promise<void> {
    this.seen.push('leaves');
    await Promise.resolve();
    this.effects.all();
  }
}

/** Takes no messages: the clients of the gateway are all that there is. */
class IdleStrategy extends Server implements CustomTransportStrategy {
  listen(callback: () => void): void {
    callback();
  }
  close(): void {}
  on(): void {}
  unwrap<T>(): T {
    return undefined as T;
  }
}

@WebSocketGateway()
class Narrowed implements OnGatewayConnection, OnGatewayDisconnect {
  readonly seen: string[] = [];
  constructor(private readonly effects: Effects) {}

  @UseAirlockPolicy(DropAll)
  handleConnection(): void {
    this.effects.all();
    this.seen.push('comes');
  }

  @SkipAirlock()
  handleDisconnect(): void {
    this.seen.push(`leaves, in ${currentScope()?.name}`);
  }
}

@WebSocketGateway()
class Broken implements OnGatewayConnection {
  constructor(private readonly effects: Effects) {}
  async handleConnection(): Promise<void> {
    this.effects.buffer.enqueue(function broken() {
      throw new Error('line is dead');
    });
  }
}

@Injectable({ scope: Scope.REQUEST })
class Tenant {
  constructor(@Inject(REQUEST) readonly client: object) {}
}

@WebSocketGateway()
class OfTenant implements OnGatewayConnection, OnGatewayDisconnect {
  constructor(
    private readonly effects: Effects,
    private readonly tenant: Tenant,
  ) {}
  handleConnection(client: object): void {
    this.effects.one(`comes: ${client === this.tenant.client}`);
  }
  handleDisconnect(): void {
    this.effects.one('leaves');
  }
}

async function start(
  sockets: Sockets,
  gateway: Type,
  options?: AirlockModuleOptions,
  providers: readonly Type[] = [],
) {
  const module = moduleOf({
    imports: [AirlockModule.forRoot(options)],
    providers: [gateway, ...providers],
  });
  const server = await serve(
    () => new ExpressAdapter(),
    module,
    (app) => app.useWebSocketAdapter(sockets.adapter(app)),
  );
  const connect = async () => sockets.connect(server.url.replace(/^http/, 'ws'));
  return { ...server, connect };
}

checkAfterEach();

describe.each(adapters)('when a client of %s comes and leaves', (_name, sockets) => {
  it('lets out what the hooks of the gateway have called', async () => {
    const { app, connect, sent, fate } = await start(sockets, Presence);
    const client = await connect();
    await until(() => sent.length === 2);
    expect(await fate()).toEqual(COMPLETED);
    client.close();
    await until(() => sent.length === 4);
    expect(app.get(Presence).seen).toEqual(['comes, in Presence.handleConnection', 'leaves']);
  });

  it('binds the policies of a hook, and opens nothing under @SkipAirlock()', async () => {
    const { app, connect, fate } = await start(sockets, Narrowed);
    const client = await connect();
    const { seen } = app.get(Narrowed);
    await until(() => seen.length === 1);
    expect(await fate()).toEqual({ out: [], dropped: ['failure', 'success', 'always'] });
    client.close();
    await until(() => seen.length === 2);
    expect(seen).toEqual(['comes', 'leaves, in undefined']);
  });

  it('tells a client that is left at a shutdown as ever, and refuses its effects with one line', async () => {
    const { app, log, connect, sent } = await start(sockets, Presence);
    await connect();
    await connect();
    await until(() => sent.length === 4);
    await app.close();
    expect(app.get(Presence).seen.filter((what) => what === 'leaves')).toHaveLength(2);
    expect(sent).toHaveLength(4);
    expect(log.airlock('error').map((line) => line.split('\n')[0])).toEqual([
      expect.stringContaining('"Presence.handleDisconnect" was not opened'),
    ]);
  });
});

describe('when a hook of a gateway is called', () => {
  const [[, socketIo]] = adapters as [(typeof adapters)[number]];

  it('gives its caller what it returns, and its error, which drops its effects', async () => {
    const { app, fate } = await start(socketIo, Presence);
    const presence = app.get(Presence);
    expect(await presence.handleConnection({})).toBe('welcome');
    await expect(presence.handleConnection(new Date())).rejects.toThrow('banned');
    expect(await fate()).toEqual({
      out: [...COMPLETED.out, ...FAILED.out],
      dropped: [...COMPLETED.dropped, ...FAILED.dropped],
    });
  });

  it("reports an effect that fails under onDispatchError: 'throw', since nobody catches its error", async () => {
    const { connect, log } = await start(socketIo, Broken, { onDispatchError: 'throw' });
    const client = await connect();
    await until(() => log.airlock('error').length > 0);
    expect(log.airlock('error')[0]).toContain('line is dead');
    client.close();
  });

  it('begins no query that it returns, as Nest awaits none', async () => {
    let runs = 0;
    class Query implements PromiseLike<void> {
      // oxlint-disable-next-line unicorn/no-thenable -- queries of database clients are so.
      then: PromiseLike<void>['then'] = async (...args) => {
        runs++;
        return Promise.resolve().then(...args);
      };
    }
    const query = new Query();
    @WebSocketGateway()
    class Querying {
      constructor(@Inject(Effects) private readonly effects: Effects) {}
      handleConnection(): unknown {
        this.effects.all();
        return query;
      }
    }
    const { app, connect, fate } = await start(socketIo, Querying);
    const client = await connect();
    await until(() => app.get(Outbox).sent.length === 2);
    expect(app.get(Querying).handleConnection()).toBe(query);
    await fate();
    expect(runs).toBe(0);
    client.close();
  });

  it('is listed, and has no scope where the boundary is off', async () => {
    const ofWs = async (options?: AirlockModuleOptions) =>
      (await start(socketIo, Narrowed, options)).app
        .get(AirlockService)
        .explain()
        .boundaries.find(({ name }) => name === 'ws');
    expect(await ofWs()).toMatchObject({ entryPoints: ['Narrowed.handleConnection'] });
    expect(await ofWs({ boundaries: { ws: false } })).toMatchObject({ entryPoints: [] });
  });
});

describe('when the application of a gateway has no HTTP server', () => {
  it.each(adapters)('opens scopes for its clients on %s as well', async (_name, sockets) => {
    const port = await freePort();
    @WebSocketGateway(port)
    class OfMicroservice extends Presence {}
    const module = moduleOf({ imports: [AirlockModule.forRoot()], providers: [OfMicroservice] });
    const app = recorded(
      await NestFactory.createMicroservice(module, {
        strategy: new IdleStrategy(),
        logger: new Log(),
      }),
    );
    app.useWebSocketAdapter(sockets.adapter(app));
    try {
      await app.listen();
      const { sent } = app.get(Outbox);
      const client = await sockets.connect(`ws://127.0.0.1:${port}`);
      await until(() => sent.length === 2);
      client.close();
      await until(() => sent.length === 4);
      expect(sent).toEqual([...COMPLETED.out, ...COMPLETED.out]);
    } finally {
      await app.close();
    }
  });
});

// Nest 11 makes no such gateways.
const describeScoped = version.startsWith('11.') ? describe.skip : describe;

describeScoped('when a gateway is made for each client', () => {
  it.each(adapters)('opens a scope for each call of its hooks on %s', async (_name, sockets) => {
    const { connect, sent } = await start(sockets, OfTenant, {}, [Tenant]);
    const client = await connect();
    await until(() => sent.length === 1);
    client.close();
    await until(() => sent.length === 2);
    expect(sent).toEqual(['comes: true', 'leaves']);
  });

  it.each(adapters)('refuses effects at a shutdown with one line on %s', async (_name, sockets) => {
    const { app, connect, sent, log } = await start(sockets, OfTenant, {}, [Tenant]);
    await connect();
    await connect();
    await until(() => sent.length === 2);
    await app.close();
    expect(log.airlock('error').map((line) => line.split('\n')[0])).toEqual([
      expect.stringContaining('"OfTenant.handleDisconnect" was not opened'),
    ]);
  });
});
