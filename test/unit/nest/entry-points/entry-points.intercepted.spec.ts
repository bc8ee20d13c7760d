import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import { GraphQLModule, Mutation, Query, Resolver } from '@nestjs/graphql';
import { ExpressAdapter } from '@nestjs/platform-express';
import { WsAdapter } from '@nestjs/platform-ws';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import {
  AirlockModule,
  type AirlockModuleOptions,
  AirlockService,
  BlockTasks,
  currentScope,
  SkipAirlock,
} from 'nestjs-airlock';
import { waitForEffect } from 'nestjs-airlock/testing';
import { concat, defer, from, map, type Observable, of, throwError } from 'rxjs';
import { once } from 'node:events';
import { WebSocket } from 'ws';
import {
  checkAfterEach,
  COMPLETED,
  Effects,
  FAILED,
  moduleOf,
  serve,
  until,
} from '../../../e2e/http/fixtures.js';

@Resolver()
class Orders {
  constructor(private readonly effects: Effects) {}
  @Query(() => String)
  async order(): Promise<string> {
    this.effects.all();
    return Promise.resolve(String(currentScope()?.name));
  }
  @Mutation(() => String)
  place(): string {
    this.effects.all();
    throw new Error('cannot place');
  }
  @Query(() => String)
  @SkipAirlock()
  skipped(): string {
    return String(currentScope()?.name);
  }
}

@WebSocketGateway()
class Gateway {
  constructor(private readonly effects: Effects) {}
  @SubscribeMessage('value')
  value() {
    this.effects.all();
    return { event: 'value', data: currentScope()?.name };
  }
  @SubscribeMessage('stream')
  stream(): Observable<{ event: string; data: unknown }> {
    return concat(
      from([1, 2]),
      defer(() => (this.effects.all(), of(3))),
    ).pipe(map((data) => ({ event: 'stream', data })));
  }
  @SubscribeMessage('fails')
  fails() {
    this.effects.all();
    return throwError(() => new Error('failed'));
  }
}

checkAfterEach();

async function start(options: AirlockModuleOptions = {}) {
  const graphql = GraphQLModule.forRoot<ApolloDriverConfig>({
    driver: ApolloDriver,
    autoSchemaFile: true,
  });
  const imports = [AirlockModule.forRoot(options), graphql];
  const booted = await serve(
    () => new ExpressAdapter(),
    moduleOf({ imports, providers: [Orders, Gateway] }),
    (app) => app.useWebSocketAdapter(new WsAdapter(app.getHttpServer())),
  );
  return {
    ...booted,
    query: async (query: string): Promise<unknown> => {
      const headers = { 'content-type': 'application/json' };
      const { body } = await booted.request('/graphql', {
        method: 'POST',
        headers,
        body: JSON.stringify({ query }),
      });
      return (JSON.parse(body) as { data: unknown }).data;
    },
    /** The answers to one message, at least `count`, once its effects have ended. */
    message: async (event: string, count: number): Promise<readonly unknown[]> => {
      const socket = new WebSocket(booted.url.replace('http', 'ws'));
      const answers: unknown[] = [];
      socket.on('message', (data: Buffer) =>
        answers.push((JSON.parse(data.toString()) as { data: unknown }).data),
      );
      await once(socket, 'open');
      socket.send(JSON.stringify({ event }));
      // Nest 11 answers an error with nothing that reaches the client.
      await waitForEffect(booted.app, 'always');
      await until(() => answers.length >= count);
      socket.close();
      return answers;
    },
  };
}

describe('when a root field is resolved', () => {
  it('is a scope that ends with it', async () => {
    const { query, fate } = await start();
    expect(await query('{ order }')).toEqual({ order: 'Orders.order' });
    expect(await fate()).toEqual(COMPLETED);
  });

  it('drops its effects where it fails, and those of no other field', async () => {
    const { query, fate } = await start();
    await query('mutation { place }');
    expect(await fate()).toEqual(FAILED);
  });

  it('opens none where it is skipped or the boundary is off', async () => {
    const { query } = await start({ boundaries: { graphql: false }, outsideScope: 'drop' });
    expect(await query('{ order skipped }')).toEqual({ order: 'undefined', skipped: 'undefined' });
    const other = await start();
    expect(await other.query('{ skipped }')).toEqual({ skipped: 'undefined' });
  });
});

describe('when a WebSocket message is handled', () => {
  it('is a scope that ends with it', async () => {
    const { message, fate } = await start();
    expect(await message('value', 1)).toEqual(['Gateway.value']);
    expect(await fate()).toEqual(COMPLETED);
  });

  it('ends with a stream', async () => {
    const { message, fate } = await start();
    expect(await message('stream', 3)).toEqual([1, 2, 3]);
    expect(await fate()).toEqual(COMPLETED);
  });

  it('drops its effects where that fails', async () => {
    const { message, fate } = await start();
    await message('fails', 0);
    expect(await fate()).toEqual(FAILED);
  });

  it('is narrowed by the policy of the boundary', async () => {
    const { message, fate } = await start({
      boundaries: { ws: { policy: new BlockTasks(['success']) } },
    });
    await message('value', 1);
    expect(await fate()).toEqual({ out: ['always'], dropped: ['failure', 'success'] });
  });
});

describe('when asked to explain', () => {
  it('lists root fields and messages', async () => {
    const { app } = await start();
    const { boundaries } = app.get(AirlockService).explain();
    expect(boundaries.filter(({ entryPoints }) => entryPoints.length > 0)).toMatchObject([
      { name: 'ws', entryPoints: ['Gateway.value', 'Gateway.stream', 'Gateway.fails'] },
      { name: 'graphql', entryPoints: ['Orders.order', 'Orders.place'] },
    ]);
  });
});
