import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import {
  type CallHandler,
  Controller,
  type ExecutionContext,
  Get,
  Inject,
  Injectable,
  type INestApplication,
  type ModuleMetadata,
  type NestInterceptor,
  Scope,
  UseInterceptors,
} from '@nestjs/common';
import { APP_INTERCEPTOR, NestFactory } from '@nestjs/core';
import { GraphQLModule, Query, Resolver } from '@nestjs/graphql';
import { ClientProxyFactory, MessagePattern } from '@nestjs/microservices';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import {
  AirlockModule,
  type AirlockModuleOptions,
  AirlockService,
  EffectBuffer,
  SideEffect,
} from 'nestjs-airlock';
import { drain, recordEffects, recorderOf } from 'nestjs-airlock/testing';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { lastValueFrom, type Observable } from 'rxjs';
import { Effects, Log, moduleOf, Outbox, type Platform, platforms } from '../e2e/http/fixtures.js';
import { tcp } from '../integrations/rpc/transports.js';
import { adapters } from '../integrations/ws/sockets.js';

const [, sockets] = adapters[0]!;

/**
 * What one test has an interceptor make of a handler, and the handler do, told how often it was
 * invoked before.
 */
export interface Plan {
  around(next: CallHandler, desk: Desk): Observable<unknown>;
  work(nth: number, desk: Desk): unknown;
}

/** What handlers work with. */
@Injectable()
export class Desk {
  plan: Plan | undefined;
  invoked = 0;
  constructor(
    @Inject(EffectBuffer) readonly buffer: EffectBuffer,
    @Inject(AirlockService) readonly airlock: AirlockService,
    readonly effects: Effects,
  ) {}
  @SideEffect()
  async mail(text: string): Promise<void> {
    this.effects.outbox.sent.push(text);
    await Promise.resolve();
  }
  @SideEffect({ dedupeKey: 'order 1' })
  async mailOnce(text: string): Promise<void> {
    this.effects.outbox.sent.push(text);
    await Promise.resolve();
  }
  async handle(): Promise<string> {
    await this.plan!.work(this.invoked++, this);
    return 'done';
  }
}

/** In front of the one that invokes again: buffers once. */
@Injectable()
class OuterInterceptor implements NestInterceptor {
  constructor(private readonly effects: Effects) {}
  intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
    this.effects.one('outer');
    return next.handle();
  }
}

@Injectable()
class AgainInterceptor implements NestInterceptor {
  constructor(private readonly desk: Desk) {}
  intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return this.desk.plan!.around(next, this.desk);
  }
}

/** Behind it: buffers each time. */
@Injectable()
class InnerInterceptor implements NestInterceptor {
  constructor(private readonly effects: Effects) {}
  intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
    this.effects.one('inner');
    return next.handle();
  }
}

/** Made for each request. */
@Injectable({ scope: Scope.REQUEST })
class ScopedInnerInterceptor extends InnerInterceptor {
  constructor(effects: Effects) {
    super(effects);
  }
}

/** Nothing can be put on it. */
const frozen = Object.freeze({
  intercept: (_context: ExecutionContext, next: CallHandler) => next.handle(),
});

@Controller()
@UseInterceptors(AgainInterceptor)
class HttpOrders {
  constructor(private readonly desk: Desk) {}
  @Get('place')
  @UseInterceptors(ScopedInnerInterceptor, frozen)
  place(): Promise<string> {
    return this.desk.handle();
  }
}

@Controller()
@UseInterceptors(OuterInterceptor, AgainInterceptor)
class RpcOrders {
  constructor(private readonly desk: Desk) {}
  @MessagePattern('place')
  @UseInterceptors(ScopedInnerInterceptor)
  place(): Promise<string> {
    return this.desk.handle();
  }
}

@WebSocketGateway()
@UseInterceptors(OuterInterceptor, AgainInterceptor)
class WsOrders {
  constructor(private readonly desk: Desk) {}
  @SubscribeMessage('place')
  @UseInterceptors(InnerInterceptor)
  async place(): Promise<{ event: string; data: string }> {
    return { event: 'placed', data: await this.desk.handle() };
  }
}

@Resolver()
@UseInterceptors(AgainInterceptor)
class GraphqlOrders {
  constructor(private readonly desk: Desk) {}
  @Query('place')
  @UseInterceptors(InnerInterceptor)
  place(): Promise<string> {
    return this.desk.handle();
  }
}

const outermost = { provide: APP_INTERCEPTOR, useClass: OuterInterceptor };

export const kinds = [
  'HTTP on Express',
  'HTTP on Fastify',
  'RPC',
  'WebSockets',
  'GraphQL',
] as const;

const handlers: Readonly<Record<(typeof kinds)[number], ModuleMetadata>> = {
  'HTTP on Express': { controllers: [HttpOrders], providers: [outermost] },
  'HTTP on Fastify': { controllers: [HttpOrders], providers: [outermost] },
  RPC: { controllers: [RpcOrders] },
  WebSockets: { providers: [WsOrders] },
  GraphQL: {
    providers: [GraphqlOrders, outermost],
    imports: [
      GraphQLModule.forRoot<ApolloDriverConfig>({
        driver: ApolloDriver,
        typeDefs: 'type Query { place: String }',
      }),
    ],
  },
};

/** An application whose handler is called once, over the network. */
export class Again {
  private readonly endRecord: () => void;

  private constructor(
    private readonly app: INestApplication,
    private readonly send: () => Promise<unknown>,
  ) {
    this.endRecord = recordEffects(app);
  }

  static async start(kind: (typeof kinds)[number], options?: AirlockModuleOptions): Promise<Again> {
    const { imports = [], controllers = [], providers = [] } = handlers[kind];
    const module = moduleOf({
      imports: [AirlockModule.forRoot(options), ...imports],
      controllers,
      providers: [Desk, ...providers],
    });
    const platform: Platform = platforms[kind === 'HTTP on Fastify' ? 1 : 0]![1];
    const app = await NestFactory.create(module, platform() as never, {
      logger: new Log(),
      abortOnError: false,
    });
    if (kind === 'WebSockets') app.useWebSocketAdapter(sockets.adapter(app));
    if (kind === 'RPC') return new Again(app, await messagesTo(app));
    await app.listen(0, '127.0.0.1');
    const { port } = (app.getHttpServer() as Server).address() as AddressInfo;
    if (kind === 'WebSockets') return new Again(app, () => askBySocket(`http://127.0.0.1:${port}`));
    const path = kind === 'GraphQL' ? '/graphql?query={place}' : '/place';
    const headers = { 'apollo-require-preflight': 'yes' };
    return new Again(app, async () =>
      (await fetch(`http://127.0.0.1:${port}${path}`, { headers })).text(),
    );
  }

  /** Calls the handler, and says what got out and what was dropped for which reason. */
  async call(plan: Plan) {
    const desk = this.app.get(Desk);
    const { sent } = this.app.get(Outbox);
    const record = recorderOf(this.app);
    Object.assign(desk, { plan, invoked: 0 });
    sent.length = 0;
    const before = record.dropped.length;
    await this.send().catch(() => {});
    await drain(this.app, { timeoutMs: 10_000 });
    const dropped = record.dropped
      .slice(before)
      .map(({ intent, reason }) => `${intent.name}: ${reason}`);
    return { out: [...sent], dropped, invoked: desk.invoked };
  }

  async close(): Promise<void> {
    await this.app.close();
    this.endRecord();
  }
}

async function messagesTo(app: INestApplication): Promise<() => Promise<unknown>> {
  const options = tcp.options();
  const service = app.connectMicroservice(options);
  await app.startAllMicroservices();
  await app.init();
  const client = ClientProxyFactory.create(await tcp.clientOptions(options, service));
  return async () => {
    await client.connect();
    return lastValueFrom(client.send<unknown>('place', {})).finally(() => client.close());
  };
}

/** Answered by what the handler returns, or by an exception. */
async function askBySocket(url: string): Promise<void> {
  const socket = await sockets.connect(url);
  await new Promise((resolve) => {
    for (const event of ['placed', 'exception']) socket.on(event, resolve);
    socket.send('place', {});
  });
  socket.close();
}
