import { Injectable, type INestApplicationContext, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  CommandBus,
  CommandHandler,
  CqrsModule,
  EventBus,
  type ICommandHandler,
  ofType,
  Saga,
} from '@nestjs/cqrs';
import { AirlockModule, AirlockService, SideEffect } from 'nestjs-airlock';
import { checkForLeaks } from 'nestjs-airlock/testing';
import { delay, map, type Observable } from 'rxjs';
import { until } from '../until.js';

const out: string[] = [];

@Injectable()
class Mail {
  @SideEffect()
  async ordered(): Promise<void> {
    out.push('ordered');
  }

  @SideEffect()
  async apologised(): Promise<void> {
    out.push('apologised');
  }

  @SideEffect({ on: 'always' })
  async refunded(): Promise<void> {
    out.push('refunded');
  }
}

class Order {}
class Compensate {}
class PaymentFailed {}

@CommandHandler(Order)
class OrderHandler implements ICommandHandler<Order> {
  constructor(
    private readonly events: EventBus,
    private readonly mail: Mail,
  ) {}

  async execute(): Promise<never> {
    await this.mail.ordered();
    this.events.publish(new PaymentFailed());
    throw new Error('card declined');
  }
}

@CommandHandler(Compensate)
class CompensateHandler implements ICommandHandler<Compensate> {
  constructor(private readonly mail: Mail) {}

  async execute(): Promise<void> {
    await this.mail.apologised();
    await this.mail.refunded();
  }
}

@Injectable()
class AtOnce {
  @Saga()
  compensate = (events: Observable<object>): Observable<Compensate> =>
    events.pipe(
      ofType(PaymentFailed),
      map(() => new Compensate()),
    );
}

@Injectable()
class Later {
  @Saga()
  compensate = (events: Observable<object>): Observable<Compensate> =>
    events.pipe(
      ofType(PaymentFailed),
      delay(20),
      map(() => new Compensate()),
    );
}

describe('when a saga compensates for a command that publishes an event and throws', () => {
  let app: INestApplicationContext;
  checkForLeaks();

  beforeEach(() => void out.splice(0));
  afterEach(async () => app.close());

  async function order(saga: new () => object): Promise<void> {
    @Module({
      imports: [CqrsModule.forRoot(), AirlockModule.forRoot()],
      providers: [Mail, OrderHandler, CompensateHandler, saga],
    })
    class AppModule {}
    app = await NestFactory.createApplicationContext(AppModule, { logger: false });
    const ordering = app
      .get(AirlockService)
      .run(async () => app.get(CommandBus).execute(new Order()));
    await expect(ordering).rejects.toThrow('card declined');
  }

  it('lets out of the compensation, which is part of the work that failed, what goes always', async () => {
    await order(AtOnce);
    expect(out).toEqual(['refunded']);
  });

  it('lets out all of it where the saga waits, so that it is work of its own', async () => {
    await order(Later);
    await until(() => out.length > 0);
    expect(out).toEqual(['apologised', 'refunded']);
  });
});
