import {
  type ArgumentsHost,
  type CallHandler,
  Catch,
  type ExecutionContext,
  type ExceptionFilter,
  type INestApplication,
  Module,
  type NestInterceptor,
  UseFilters,
  UseInterceptors,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import type {
  BoundaryContractOptions,
  ContractPayload,
} from '../../contracts/boundary/boundary-contract.js';
import { ContractWork } from '../../contracts/boundary/contract-work.js';
import { map, type Observable } from 'rxjs';
import type { Connection, Sockets } from './sockets.js';

/** Emits each value as an event that names the message it answers. */
class Answers implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const { id } = context.switchToWs().getData<ContractPayload>();
    return next.handle().pipe(map((value: unknown) => ({ event: 'answer', data: { id, value } })));
  }
}

/** Tells the client of an error, which Nest 11 does over socket.io only. */
@Catch()
class Refusals implements ExceptionFilter {
  constructor(private readonly sockets: Sockets) {}
  catch(error: Error, host: ArgumentsHost): void {
    const { id } = host.switchToWs().getData<ContractPayload>();
    this.sockets.send(host.switchToWs().getClient(), 'answer', { id, refusal: error.message });
  }
}

/** Nest 11 makes no request-scoped gateways. */
const { version } = jest.requireActual<{ version: string }>('@nestjs/core/package.json');

/** How many answers a call has: two emissions, and perhaps an error after them. */
const ANSWERS: Readonly<Partial<Record<ContractPayload['action'], number>>> = {
  stream: 2,
  'break off': 3,
};

/** Messages over one WebSocket adapter. */
export function wsRow(sockets: Sockets): BoundaryContractOptions {
  return {
    boundary: 'ws',
    method: 'handle',
    observable: true,
    leaves: true,
    requestScoped: Number.parseInt(version, 10) >= 12,
    answersFirst: true,
    declare({ name, onClass, onMethod }) {
      @WebSocketGateway()
      @UseInterceptors(Answers)
      @UseFilters(new Refusals(sockets))
      @onClass
      class Gateway {
        constructor(private readonly work: ContractWork) {}
        @SubscribeMessage(name)
        @onMethod
        handle(@MessageBody() payload: ContractPayload): unknown {
          return this.work.do(payload);
        }
      }
      return Gateway;
    },
    async start({ imports, providers, handlers, logger }) {
      @Module({ imports: [...imports], providers: [...providers, ...handlers] })
      class AppModule {}
      const app: INestApplication = await NestFactory.create(AppModule, { logger });
      app.useWebSocketAdapter(sockets.adapter(app));
      await app.listen(0, '127.0.0.1');
      const url = (await app.getUrl()).replace(/^http/, 'ws');
      const shared = await sockets.connect(url);
      return {
        app,
        trigger: (payload) => answersTo(payload, shared),
        async leave(payload, underway) {
          const caller = await sockets.connect(url);
          caller.send(payload.handler, payload);
          await underway;
          caller.close();
        },
        close: async () => shared.close(),
      };
    },
  };
}

async function answersTo(payload: ContractPayload, connection: Connection): Promise<unknown> {
  const answers: unknown[] = [];
  await new Promise<void>((resolve) => {
    const stop = connection.on('answer', ({ id, ...answer }: { id: string }) => {
      if (id !== payload.id || answers.push(answer) < (ANSWERS[payload.action] ?? 1)) return;
      stop();
      resolve();
    });
    connection.send(payload.handler, payload);
  });
  return answers;
}
