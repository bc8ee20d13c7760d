import { Inject } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  Args,
  Mutation,
  Parent,
  Query,
  ResolveField,
  Resolver,
  Subscription,
} from '@nestjs/graphql';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import websocket from '@fastify/websocket';
import type { FastifyInstance } from 'fastify';
import { type Client, createClient } from 'graphql-ws';
import { AirlockModule, AirlockService, EffectBuffer, NoScopeError } from 'nestjs-airlock';
import { EventEmitter, on, once } from 'node:events';
import WebSocket from 'ws';
import {
  checkAfterEach,
  Effects,
  fateOf,
  moduleOf,
  recorded,
  until,
} from '../e2e/http/fixtures.js';
import { graphqlServers } from './graphql-servers.js';

describe('when a WebSocket is served by Fastify itself', () => {
  checkAfterEach();

  it('takes each message as work of its own, and not as part of the request that opened it', async () => {
    const app = recorded(
      await NestFactory.create(
        moduleOf({ imports: [AirlockModule.forRoot()] }),
        new FastifyAdapter(),
        { logger: false },
      ),
    );
    const [effects, airlock] = [app.get(Effects), app.get(AirlockService)];
    const refused: unknown[] = [];
    const fastify = app.getHttpAdapter().getInstance() as unknown as FastifyInstance;
    await fastify.register(websocket);
    // Behind the plugin, which looks at routes.
    await fastify.register(async (routes) => {
      routes.get('/feed', { websocket: true }, (socket) => {
        socket.on('message', (data: Buffer) => {
          try {
            effects.one('of nobody');
          } catch (error) {
            refused.push(error);
          }
          void airlock.run(() => effects.one(String(data)));
        });
      });
    });
    await app.listen(0, '127.0.0.1');
    const client = new WebSocket(`${(await app.getUrl()).replace('http', 'ws')}/feed`);
    await once(client, 'open');
    client.send('first');
    client.send('second');
    await until(() => fateOf(app).out.length === 2);
    client.terminate();
    await app.close();
    expect(fateOf(app)).toEqual({ out: ['first', 'second'], dropped: [] });
    expect(refused).toEqual([expect.any(NoScopeError), expect.any(NoScopeError)]);
  });
});

interface Order {
  readonly id: number;
}

const placed = new EventEmitter();

async function* orders(): AsyncGenerator<{ readonly placed: Order }> {
  for await (const [order] of on(placed, 'order')) yield { placed: order as Order };
}

@Resolver('Order')
class OrderResolver {
  constructor(
    @Inject(Effects) private readonly effects: Effects,
    @Inject(EffectBuffer) private readonly buffer: EffectBuffer,
    @Inject(AirlockService) private readonly airlock: AirlockService,
  ) {}
  @Query('hello')
  hello(): string {
    this.effects.one('query');
    return 'hello';
  }
  @Mutation('place')
  place(@Args('id') id: number): number {
    this.effects.one('mutation');
    placed.emit('order', { id });
    return id;
  }
  @Subscription('placed', {
    async filter(this: OrderResolver, { placed: { id } }: { placed: Order }) {
      await this.airlock.run(() => this.effects.one(`filter ${id}`));
      return id > 1;
    },
  })
  placed(): AsyncGenerator {
    this.effects.one('subscribe');
    return orders();
  }
  @ResolveField('note')
  async note(@Parent() { id }: Order): Promise<string> {
    await this.airlock.run(() => this.effects.one(`field ${id}`));
    return `${this.buffer.isActive ? 'in' : 'outside'} a scope`;
  }
}

const typeDefs = `
  type Order { id: Int note: String }
  type Query { hello: String }
  type Mutation { place(id: Int!): Int }
  type Subscription { placed: Order }`;

async function answerTo(client: Client, query: string): Promise<unknown> {
  for await (const answer of client.iterate({ query })) return answer.data;
  return undefined;
}

describe.each(graphqlServers(typeDefs, OrderResolver))(
  'on %s, when a client subscribes',
  (_name, create) => {
    checkAfterEach();

    it('takes its set-up, and each operation over the same socket, as work of its own', async () => {
      const app = recorded(await create());
      await app.listen(0, '127.0.0.1');
      const url = `${(await app.getUrl()).replace('http', 'ws')}/graphql`;
      const client = createClient({ url, webSocketImpl: WebSocket, retryAttempts: 0 });
      const events = client.iterate({ query: 'subscription { placed { id note } }' });
      const event = events.next();
      await until(() => placed.listenerCount('order') === 1);
      await until(() => fateOf(app).out.includes('subscribe'));
      expect(await answerTo(client, '{ hello }')).toEqual({ hello: 'hello' });
      expect(await answerTo(client, 'mutation { place(id: 1) }')).toEqual({ place: 1 });
      expect(await answerTo(client, 'mutation { place(id: 2) }')).toEqual({ place: 2 });
      // Events are pushed when the scope of the set-up has ended.
      expect((await event).value).toEqual({
        data: { placed: { id: 2, note: 'outside a scope' } },
      });
      await events.return!();
      await client.dispose();
      await app.close();
      placed.removeAllListeners();
      const { out, dropped } = fateOf(app);
      expect([out.toSorted(), dropped]).toEqual([
        ['field 2', 'filter 1', 'filter 2', 'mutation', 'mutation', 'query', 'subscribe'],
        [],
      ]);
    });
  },
);
