import { Module, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  CommandBus,
  CommandHandler,
  CqrsModule,
  EventBus,
  EventsHandler,
  QueryBus,
  QueryHandler,
} from '@nestjs/cqrs';
import type {
  BoundaryContractOptions,
  ContractHandler,
  ContractPayload,
} from '../../contracts/boundary/boundary-contract.js';
import { ContractWork } from '../../contracts/boundary/contract-work.js';
import { describeBoundaryContract } from '../../contracts/boundary/describe-boundary-contract.js';

interface Message {
  readonly payload: ContractPayload;
}

/** The three buses differ in their decorator, the method they call, and how they are asked. */
function cqrsRow(
  method: 'execute' | 'handle',
  decorate: (message: Type) => ClassDecorator,
  ask: (message: Message, get: <T>(bus: Type<T>) => T) => unknown,
): BoundaryContractOptions {
  const messages = new Map<string, Type<Message>>();

  function declare({ name, onClass, onMethod }: ContractHandler): Type {
    class NamedMessage implements Message {
      constructor(readonly payload: ContractPayload) {}
    }
    Object.defineProperty(NamedMessage, 'name', { value: name });
    messages.set(name, NamedMessage);

    @decorate(NamedMessage)
    @onClass
    class MessageHandler {
      constructor(private readonly work: ContractWork) {}
      @onMethod
      [method]({ payload }: Message): unknown {
        return this.work.do(payload);
      }
    }
    Reflect.defineMetadata('design:paramtypes', [ContractWork], MessageHandler);
    return MessageHandler;
  }

  return {
    boundary: 'cqrs',
    method,
    nested: true,
    requestScoped: true,
    answers: method === 'execute',
    declare,
    async start({ imports, providers, handlers, logger }) {
      @Module({
        imports: [...imports, CqrsModule.forRoot()],
        providers: [...providers, ...handlers],
      })
      class AppModule {}
      const app = await NestFactory.createApplicationContext(AppModule, { logger });
      return {
        app,
        trigger: async (payload) =>
          ask(new (messages.get(payload.handler)!)(payload), (bus) => app.get(bus)),
      };
    },
  };
}

describeBoundaryContract(
  'a command',
  cqrsRow('execute', CommandHandler, (message, get) => get(CommandBus).execute(message)),
);
describeBoundaryContract(
  'a query',
  cqrsRow('execute', QueryHandler, (message, get) => get(QueryBus).execute(message)),
);
describeBoundaryContract(
  'an event of a bus',
  cqrsRow('handle', EventsHandler, (message, get) => void get(EventBus).publish(message)),
);
