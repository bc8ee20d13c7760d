import {
  Controller,
  type INestApplication,
  type INestMicroservice,
  Module,
  type Type,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ClientProxyFactory, EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import type {
  BoundaryContractOptions,
  ContractApplication,
  ContractPayload,
} from '../../contracts/boundary/boundary-contract.js';
import { ContractWork } from '../../contracts/boundary/contract-work.js';
import { lastValueFrom, toArray } from 'rxjs';
import type { Transport } from './transports.js';

/** How an application takes messages. */
export type Kind =
  | 'a standalone microservice'
  | 'a hybrid application'
  | 'a hybrid application with `inheritAppConfig`';

interface Service {
  readonly app: INestApplication | INestMicroservice;
  readonly service: INestMicroservice;
}

/** Messages that are answered, or events that are not, over one transport. */
export function rpcRow(
  transport: Transport,
  what: 'messages' | 'events',
  kind: Kind,
): BoundaryContractOptions {
  return {
    boundary: 'rpc',
    method: 'handle',
    observable: true,
    requestScoped: true,
    answers: what === 'messages',
    declare({ name, onClass, onMethod }) {
      const pattern = (
        what === 'messages' ? MessagePattern(name) : EventPattern(name)
      ) as MethodDecorator;
      @Controller()
      @onClass
      class MessageHandler {
        constructor(private readonly work: ContractWork) {}
        @pattern
        @onMethod
        handle(@Payload() payload: ContractPayload): unknown {
          return this.work.do(payload);
        }
      }
      return MessageHandler;
    },
    async start(parts) {
      const options = transport.options();
      const { app, service } = await serve(kind, options, moduleOf(parts), parts);
      const client = ClientProxyFactory.create(await transport.clientOptions(options, service));
      await client.connect();
      return {
        app,
        trigger: (payload) =>
          what === 'messages'
            ? lastValueFrom(client.send<unknown>(payload.handler, payload).pipe(toArray()))
            : lastValueFrom(client.emit<undefined>(payload.handler, payload), {
                defaultValue: undefined,
              }),
        close: async () => client.close(),
      };
    },
  };
}

function moduleOf({ imports, providers, handlers }: ContractApplication): Type {
  @Module({ imports: [...imports], controllers: [...handlers], providers: [...providers] })
  class AppModule {}
  return AppModule;
}

async function serve(
  kind: Kind,
  options: ReturnType<Transport['options']>,
  module: Type,
  { logger }: ContractApplication,
): Promise<Service> {
  if (kind === 'a standalone microservice') {
    const service = await NestFactory.createMicroservice(module, { ...options, logger });
    await service.listen();
    return { app: service, service };
  }
  const app = await NestFactory.create(module, { logger });
  const service = app.connectMicroservice(options, {
    inheritAppConfig: kind.includes('inheritAppConfig'),
  });
  await app.startAllMicroservices();
  await app.listen(0, '127.0.0.1');
  return { app, service };
}
