import { Controller, Get, type MessageEvent, Sse } from '@nestjs/common';
import { Processor, WorkerHost } from '@nestjs/bullmq';
import { CommandHandler, EventsHandler, QueryHandler, Saga } from '@nestjs/cqrs';
import { OnEvent } from '@nestjs/event-emitter';
import { Mutation, Query, ResolveField, Resolver, Subscription } from '@nestjs/graphql';
import { EventPattern, GrpcMethod, MessagePattern } from '@nestjs/microservices';
import { Cron, Interval, Timeout } from '@nestjs/schedule';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { Command, CommandRunner, Option, RootCommand, SubCommand } from 'nest-commander';
import { EMPTY, type Observable } from 'rxjs';
import type { BoundaryName } from 'nestjs-airlock';
import {
  interceptedEntryPoints,
  wrappedEntryPoints,
} from '../../../../lib/nest/entry-points/entry-points.js';
import { candidateOf } from '../../../../lib/nest/container/providers.js';

// Decorated with the real packages, so that a changed metadata key shows here and not as effects
// that are lost.

class Order {}

@Controller()
class HttpController {
  @Get()
  get() {}
  @Sse()
  stream(): Observable<MessageEvent> {
    return EMPTY;
  }
  helper() {}
}

@Controller()
class RpcController {
  @MessagePattern('a')
  message(_data: unknown) {}
  @EventPattern('b')
  event(_data: unknown) {}
  @GrpcMethod('Service')
  grpc(_data: unknown, ..._others: unknown[]): unknown {
    return undefined;
  }
  helper() {}
}

@WebSocketGateway()
class Gateway {
  @SubscribeMessage('a')
  message() {}
  handleConnection() {}
}

@Resolver(() => Order)
class OrderResolver {
  @Query(() => String)
  order() {}
  @Mutation(() => String)
  place() {}
  @Subscription(() => String)
  placed() {}
  @ResolveField(() => String)
  field() {}
}

@Processor('mail')
class MailProcessor extends WorkerHost {
  async process() {}
  helper() {}
}

class Ticks {
  @Cron('* * * * *')
  cron() {}
  @Interval(1000)
  interval() {}
  @Timeout(1000)
  timeout() {}
  helper() {}
}

class Listeners {
  @OnEvent('a')
  @OnEvent('b')
  listener() {}
  helper() {}
}

@CommandHandler(Order)
class PlaceHandler {
  async execute() {}
  helper() {}
}
@QueryHandler(Order)
class FindHandler {
  async execute() {}
}
@EventsHandler(Order)
class PlacedHandler {
  handle() {}
}
class Sagas {
  @Saga()
  arrow = (events: Observable<unknown>) => events;
  @Saga()
  method(events: Observable<unknown>) {
    return events;
  }
  helper() {}
}

@Command({ name: 'a' })
class ACommand extends CommandRunner {
  async run() {}
  @Option({ flags: '--flag' })
  flag() {}
}
@SubCommand({ name: 'b' })
class BCommand extends CommandRunner {
  async run() {}
}
@RootCommand({})
class CCommand extends CommandRunner {
  async run() {}
}

class Nothing {
  run() {}
  process() {}
  execute() {}
  handle() {}
}

type Row = readonly [
  boundary: BoundaryName,
  peer: string,
  type: new () => object,
  expected: readonly string[],
];

const rows: readonly Row[] = [
  ['http', '@nestjs/common', HttpController, ['get', 'stream']],
  ['rpc', '@nestjs/microservices', RpcController, ['message', 'event', 'grpc']],
  ['ws', '@nestjs/websockets', Gateway, ['message', 'handleConnection']],
  ['graphql', '@nestjs/graphql', OrderResolver, ['order', 'place', 'placed']],
  ['bullmq', '@nestjs/bullmq', MailProcessor, ['process']],
  ['schedule', '@nestjs/schedule', Ticks, ['cron', 'interval', 'timeout']],
  ['event-emitter', '@nestjs/event-emitter', Listeners, ['listener']],
  ['cqrs', '@nestjs/cqrs', PlaceHandler, ['execute']],
  ['cqrs', '@nestjs/cqrs', FindHandler, ['execute']],
  ['cqrs', '@nestjs/cqrs', PlacedHandler, ['handle']],
  ['cqrs', '@nestjs/cqrs', Sagas, ['arrow', 'method']],
  ['commander', 'nest-commander', ACommand, ['run']],
  ['commander', 'nest-commander', BCommand, ['run']],
  ['commander', 'nest-commander', CCommand, ['run']],
];

const entryPoints = [...interceptedEntryPoints, ...wrappedEntryPoints];

function candidate(type: new () => object) {
  return candidateOf(type, type.name.endsWith('Controller'))!;
}

describe('when a class is decorated with the real package', () => {
  it.each(rows)('%s finds what %s has marked on %p', (name, peer, type, expected) => {
    const found = [...entryPoints.find((one) => one.name === name)!.find(candidate(type))];
    const verdict =
      found.toSorted().join() === expected.toSorted().join()
        ? 'found'
        : `${peer} has changed the metadata its decorators write: on ${type.name} the boundary "${name}" finds [${found.join()}] ` +
          `and not [${expected.join()}]. Look up the new key in ${peer} and change lib/nest/entry-points.`;
    expect(verdict).toBe('found');
  });

  it.each(rows)('only %s does (%s, %p)', (name, _peer, type) => {
    const others = entryPoints.filter(
      (one) => one.name !== name && one.find(candidate(type)).length > 0,
    );
    expect(others.map((one) => one.name)).toEqual([]);
  });
});

describe('when a class is not decorated', () => {
  it('is no entry point, whatever its methods are called', () => {
    expect(entryPoints.filter((one) => one.find(candidate(Nothing)).length > 0)).toEqual([]);
  });
});

describe('when each kind of entry point is listed', () => {
  it('has a row above', () => {
    expect([...new Set(rows.map(([name]) => name))].toSorted()).toEqual(
      entryPoints.map(({ name }) => name).toSorted(),
    );
  });
});
