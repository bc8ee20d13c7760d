import { Inject } from '@nestjs/common';
import { Query, Resolver, Subscription } from '@nestjs/graphql';
import { createClient } from 'graphql-ws';
import { BlockTasks, SkipAirlock, UseAirlockPolicy } from 'nestjs-airlock';
import { EventEmitter, on } from 'node:events';
import WebSocket from 'ws';
import {
  checkAfterEach,
  COMPLETED,
  Effects,
  FAILED,
  recorded,
  fateOf,
  until,
} from '../e2e/http/fixtures.js';
import { graphqlServers } from './graphql-servers.js';

interface Placed {
  readonly placed: number;
}

let orders = new EventEmitter();

async function* events(field: string): AsyncGenerator {
  for await (const [id] of on(orders, 'order')) yield { [field]: id as number };
}

/** Throws for the first order, where it is called. */
function throwsAtFirst(event: object): boolean {
  if (Object.values(event).includes(1)) throw new Error('not the first');
  return true;
}

@Resolver()
class OrdersResolver {
  constructor(@Inject(Effects) private readonly effects: Effects) {}

  @Query('hello')
  hello(): string {
    return 'hello';
  }

  @Subscription('placed', {
    async resolve(this: OrdersResolver, { placed: id }: Placed): Promise<number> {
      await Promise.resolve();
      this.effects.all();
      if (id === 0) throw new Error('no such order');
      return id * 10;
    },
  })
  placed(): AsyncGenerator {
    return events('placed');
  }

  @Subscription('watched', {
    filter(this: OrdersResolver, { watched: id }: { watched: number }): boolean {
      if (id === 1) this.effects.all();
      return id === 1;
    },
  })
  watched(): AsyncGenerator {
    return events('watched');
  }

  @Subscription('narrowed', {
    resolve(this: OrdersResolver, { narrowed: id }: { narrowed: number }): number {
      this.effects.all();
      return id;
    },
  })
  @UseAirlockPolicy(new BlockTasks(['success']))
  narrowed(): AsyncGenerator {
    return events('narrowed');
  }

  @Subscription('skipped', {
    resolve(this: OrdersResolver): number {
      return this.effects.buffer.isActive ? 1 : 0;
    },
  })
  @SkipAirlock()
  skipped(): AsyncGenerator {
    return events('skipped');
  }

  @Subscription('throwing', { filter: throwsAtFirst })
  throwing(): AsyncGenerator {
    return events('throwing');
  }

  @Subscription('throwingWithout', { filter: throwsAtFirst })
  @SkipAirlock()
  throwingWithout(): AsyncGenerator {
    return events('throwingWithout');
  }
}

const typeDefs = `
  type Query { hello: String }
  type Subscription { placed: Int watched: Int narrowed: Int skipped: Int throwing: Int throwingWithout: Int }`;

describe.each(graphqlServers(typeDefs, OrdersResolver))(
  'on %s, when a subscription is told of an event',
  (_name, create) => {
    checkAfterEach();

    /** Subscribes to a field and tells what a client hears of the events, and what got out. */
    async function hear(field: string, ...ids: number[]) {
      orders = new EventEmitter();
      const app = recorded(await create());
      await app.listen(0, '127.0.0.1');
      const url = `${(await app.getUrl()).replace('http', 'ws')}/graphql`;
      const client = createClient({ url, webSocketImpl: WebSocket, retryAttempts: 0 });
      const answers = client.iterate({ query: `subscription { ${field} }` });
      const first = answers.next();
      await until(() => orders.listenerCount('order') === 1);
      for (const id of ids) orders.emit('order', id);
      try {
        const { data, errors } = (await first).value as { data?: unknown; errors?: unknown[] };
        await answers.return!();
        return { data, hasErrors: errors !== undefined, ...fateOf(app) };
      } finally {
        await client.dispose();
        await app.close();
      }
    }

    it('lets out what `resolve` calls, and gives the client its result', async () => {
      expect(await hear('placed', 7)).toEqual({
        data: { placed: 70 },
        hasErrors: false,
        ...COMPLETED,
      });
    });

    it('drops what one calls that fails', async () => {
      expect(await hear('placed', 0)).toEqual({
        data: { placed: null },
        hasErrors: true,
        ...FAILED,
      });
    });

    it('lets out what `filter` calls, which filters as ever', async () => {
      expect(await hear('watched', 2, 1)).toEqual({
        data: { watched: 1 },
        hasErrors: false,
        ...COMPLETED,
      });
    });

    it('changes nothing for a `filter` that throws', async () => {
      const heard = async (field: string): Promise<unknown> => {
        try {
          return Object.values((await hear(field, 1, 2)).data as object);
        } catch (error) {
          return error;
        }
      };
      expect(await heard('throwing')).toEqual(await heard('throwingWithout'));
    });

    it('binds the policies of the method', async () => {
      expect(await hear('narrowed', 3)).toEqual({
        data: { narrowed: 3 },
        hasErrors: false,
        out: ['always'],
        dropped: ['failure', 'success'],
      });
    });

    it('opens nothing under @SkipAirlock()', async () => {
      expect(await hear('skipped', 3)).toMatchObject({ data: { skipped: 0 }, out: [] });
    });
  },
);
