import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import { type INestApplication, Module, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Args, GraphQLModule, Mutation, Query, Resolver } from '@nestjs/graphql';
import { MercuriusDriver, type MercuriusDriverConfig } from '@nestjs/mercurius';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type {
  BoundaryContractOptions,
  ContractHandler,
  ContractPayload,
} from '../../contracts/boundary/boundary-contract.js';
import { ContractWork } from '../../contracts/boundary/contract-work.js';
import { describeBoundaryContract } from '../../contracts/boundary/describe-boundary-contract.js';

type Server = 'Apollo on Express' | 'Mercurius on Fastify';

interface Answer {
  readonly data?: Readonly<Record<string, unknown>> | null;
  readonly errors?: readonly { readonly message: string }[];
}

/** Root fields of either kind; each class declares one. */
function fieldRow(server: Server, kind: 'Query' | 'Mutation'): BoundaryContractOptions {
  const fields = new Map<Type, string>();

  function declare({ name, onClass, onMethod }: ContractHandler): Type {
    const field = (kind === 'Query' ? Query(name) : Mutation(name)) as MethodDecorator;
    @Resolver()
    @onClass
    class FieldResolver {
      constructor(private readonly work: ContractWork) {}
      @field
      @onMethod
      resolve(@Args('payload') payload: ContractPayload): unknown {
        return this.work.do(payload);
      }
    }
    fields.set(FieldResolver, name);
    return FieldResolver;
  }

  return {
    boundary: 'graphql',
    method: 'resolve',
    observable: true,
    requestScoped: true,
    declare,
    async start({ imports, providers, handlers, logger }) {
      const own = handlers.map((type) => `${fields.get(type)!}(payload: Any!): Any`).join('\n');
      const typeDefs = `scalar Any\n type Query { nothing: Any ${kind === 'Query' ? own : ''} }\n ${kind === 'Mutation' ? `type Mutation { ${own} }` : ''}`;
      @Module({
        imports: [...imports, graphqlOn(server, typeDefs)],
        providers: [...providers, ...handlers],
      })
      class AppModule {}
      const app: INestApplication =
        server === 'Apollo on Express'
          ? await NestFactory.create(AppModule, { logger })
          : await NestFactory.create(AppModule, new FastifyAdapter(), { logger });
      await app.listen(0, '127.0.0.1');
      const url = `${await app.getUrl()}/graphql`;
      return { app, trigger: (payload) => ask(url, kind, payload) };
    },
  };
}

function graphqlOn(server: Server, typeDefs: string) {
  return server === 'Apollo on Express'
    ? GraphQLModule.forRoot<ApolloDriverConfig>({
        driver: ApolloDriver,
        typeDefs,
        includeStacktraceInErrorResponses: false,
      })
    : GraphQLModule.forRoot<MercuriusDriverConfig>({ driver: MercuriusDriver, typeDefs });
}

async function ask(
  url: string,
  kind: 'Query' | 'Mutation',
  payload: ContractPayload,
): Promise<unknown> {
  const query = `${kind.toLowerCase()} ($payload: Any!) { ${payload.handler}(payload: $payload) }`;
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query, variables: { payload } }),
  });
  const { data, errors } = (await response.json()) as Answer;
  if (errors !== undefined) throw new Error(errors.map(({ message }) => message).join());
  return data?.[payload.handler];
}

describe.each<Server>(['Apollo on Express', 'Mercurius on Fastify'])('on %s', (server) => {
  describeBoundaryContract('a query', fieldRow(server, 'Query'));
  describeBoundaryContract('a mutation', fieldRow(server, 'Mutation'));
});
