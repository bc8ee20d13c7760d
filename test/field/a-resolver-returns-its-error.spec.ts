import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import { type DynamicModule, Inject } from '@nestjs/common';
import { GraphQLModule, Mutation, Query, Resolver } from '@nestjs/graphql';
import { MercuriusDriver, type MercuriusDriverConfig } from '@nestjs/mercurius';
import {
  checkAfterEach,
  COMPLETED,
  Effects,
  FAILED,
  listen,
  platforms,
} from '../e2e/http/fixtures.js';

@Resolver()
class OrdersResolver {
  constructor(@Inject(Effects) private readonly effects: Effects) {}

  @Query('hello')
  hello(): string {
    return 'hello';
  }

  @Mutation('place')
  async place(): Promise<number> {
    this.effects.all();
    return 7;
  }

  @Mutation('refuse')
  async refuse(): Promise<Error> {
    this.effects.all();
    return new Error('sold out');
  }
}

const typeDefs = `
  type Query { hello: String }
  type Mutation { place: Int refuse: Int }`;

const servers: Readonly<Record<string, () => DynamicModule>> = {
  Express: () => GraphQLModule.forRoot<ApolloDriverConfig>({ driver: ApolloDriver, typeDefs }),
  Fastify: () =>
    GraphQLModule.forRoot<MercuriusDriverConfig>({ driver: MercuriusDriver, typeDefs }),
};

describe.each(platforms)('when a resolver returns an error, on %s', (name, platform) => {
  checkAfterEach();

  it.each([
    ['has failed where it does', 'refuse', null, 'sold out', FAILED],
    ['has completed where it returns anything else', 'place', 7, undefined, COMPLETED],
  ])('%s', async (_what, field, value, message, expected) => {
    const { request, fate } = await listen(platform, {
      imports: [servers[name]!()],
      providers: [OrdersResolver],
    });
    const { body } = await request('/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: `mutation { ${field} }` }),
    });
    const { data, errors } = JSON.parse(body) as {
      data: object;
      errors?: readonly { readonly message: string }[];
    };
    expect([data, errors?.[0]?.message]).toEqual([{ [field]: value }, message]);
    expect(await fate()).toEqual(expected);
  });
});
