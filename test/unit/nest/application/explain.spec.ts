import { Processor, WorkerHost } from '@nestjs/bullmq';
import { Controller, Module, Post } from '@nestjs/common';
import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { OnEvent } from '@nestjs/event-emitter';
import { Mutation, Resolver } from '@nestjs/graphql';
import { EventPattern, MessagePattern } from '@nestjs/microservices';
import { Cron, Interval } from '@nestjs/schedule';
import { Test } from '@nestjs/testing';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { AirlockModule, AirlockService, type BoundaryName, SkipAirlock } from 'nestjs-airlock';
import { Command, CommandRunner } from 'nest-commander';

@Controller('orders')
class OrdersController {
  @Post()
  place(): void {}
  @MessagePattern('orders.place')
  order(_id: number): void {}
  @EventPattern('orders.placed')
  placed(_id: number): void {}
}

@WebSocketGateway()
class OrdersGateway {
  @SubscribeMessage('place')
  place(): void {}
}

@Resolver()
class OrdersResolver {
  @Mutation(() => String)
  place(): string {
    return '';
  }
}

@Processor('parcels')
class ParcelsProcessor extends WorkerHost {
  override async process(): Promise<void> {}
}

class Tills {
  @Cron('0 0 * * *')
  close(): void {}
  @Interval(60_000)
  @SkipAirlock()
  count(): void {}
}

class Newsletter {
  @OnEvent('order.placed')
  note(): void {}
}

class PlaceOrder {}

@CommandHandler(PlaceOrder)
class PlaceOrderHandler implements ICommandHandler<PlaceOrder> {
  async execute(): Promise<void> {}
}

@Command({ name: 'remind' })
class RemindCommand extends CommandRunner {
  override async run(): Promise<void> {}
}

@Module({
  controllers: [OrdersController],
  providers: [
    OrdersGateway,
    OrdersResolver,
    ParcelsProcessor,
    Tills,
    Newsletter,
    PlaceOrderHandler,
    RemindCommand,
  ],
})
class AppModule {}

async function boundaries(off: readonly BoundaryName[] = []) {
  const switched = Object.fromEntries(off.map((name) => [name, false]));
  const app = await Test.createTestingModule({
    imports: [AirlockModule.forRoot({ boundaries: switched }), AppModule],
  }).compile();
  await app.init();
  const report = app.get(AirlockService).explain().boundaries;
  await app.close();
  return report;
}

describe('when an application has every entry point', () => {
  it('explains what each boundary entryPoints', async () => {
    const covered = (await boundaries()).map(({ name, entryPoints }) => [name, entryPoints]);
    expect(covered).toEqual([
      ['http', ['OrdersController.place']],
      ['rpc', ['OrdersController.order', 'OrdersController.placed']],
      ['ws', ['OrdersGateway.place']],
      ['graphql', ['OrdersResolver.place']],
      ['bullmq', ['ParcelsProcessor.process']],
      ['schedule', ['Tills.close']],
      ['event-emitter', ['Newsletter.note']],
      ['cqrs', ['PlaceOrderHandler.execute']],
      ['commander', ['RemindCommand.run']],
    ]);
  });

  it('explains which are off', async () => {
    const off = (await boundaries(['schedule', 'cqrs'])).filter(({ isOn }) => !isOn);
    expect(off.map(({ name, entryPoints }) => [name, entryPoints])).toEqual([
      ['schedule', []],
      ['cqrs', []],
    ]);
  });
});
