import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import type { INestApplication, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { GraphQLModule } from '@nestjs/graphql';
import { MercuriusDriver, type MercuriusDriverConfig } from '@nestjs/mercurius';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { AirlockModule } from 'nestjs-airlock';
import { moduleOf } from '../e2e/http/fixtures.js';

type GraphqlServer = readonly [name: string, create: () => Promise<INestApplication>];

/** Both servers of GraphQL, with subscriptions, each on another platform. */
export function graphqlServers(typeDefs: string, resolver: Type): readonly GraphqlServer[] {
  const appWith = (graphql: ReturnType<typeof GraphQLModule.forRoot>) =>
    moduleOf({ imports: [AirlockModule.forRoot(), graphql], providers: [resolver] });
  const apollo = (): Promise<INestApplication> =>
    NestFactory.create(
      appWith(
        GraphQLModule.forRoot<ApolloDriverConfig>({
          driver: ApolloDriver,
          typeDefs,
          subscriptions: { 'graphql-ws': true },
        }),
      ),
      { logger: false },
    );
  const mercurius = (): Promise<INestApplication> =>
    NestFactory.create(
      appWith(
        GraphQLModule.forRoot<MercuriusDriverConfig>({
          driver: MercuriusDriver,
          typeDefs,
          subscription: { fullWsTransport: true },
        }),
      ),
      new FastifyAdapter(),
      { logger: false },
    );
  return [
    ['Apollo on Express', apollo],
    ['Mercurius on Fastify', mercurius],
  ];
}
