import { Inject, Injectable } from '@nestjs/common';
import { CommandBus, CommandHandler, CqrsModule, type ICommandHandler } from '@nestjs/cqrs';
import { EventEmitter2, EventEmitterModule, OnEvent } from '@nestjs/event-emitter';
import { Test, type TestingModule } from '@nestjs/testing';
import { AirlockModule, runInScope } from 'nestjs-airlock';
import { checkAfterEach, Effects, Log, Outbox, until } from '../e2e/http/fixtures.js';

class Place {}

@CommandHandler(Place)
class PlaceHandler implements ICommandHandler<Place> {
  constructor(@Inject(Effects) private readonly effects: Effects) {}

  async execute(): Promise<string> {
    this.effects.one('receipt');
    return 'placed';
  }
}

@Injectable()
class Stock {
  readonly sold: string[] = [];

  async sell(text: string): Promise<void> {
    this.sold.push(text);
  }
}

@Injectable()
class Listener {
  isHeard = false;
  constructor(@Inject(Effects) private readonly effects: Effects) {}

  @OnEvent('placed', { async: true })
  onPlaced(): void {
    this.effects.one('confirmation');
    this.isHeard = true;
  }
}

describe('when a test restores a spy that it put on an instance before the start', () => {
  checkAfterEach();
  afterEach(() => jest.restoreAllMocks());

  const started = async (spyOn: (app: TestingModule) => void): Promise<TestingModule> => {
    const compiled = await Test.createTestingModule({
      imports: [
        AirlockModule.forRoot({
          intercept: [{ token: Stock, methods: ['sell'] }],
        }),
        CqrsModule.forRoot(),
        EventEmitterModule.forRoot(),
      ],
      providers: [Outbox, Effects, PlaceHandler, Listener, Stock],
    })
      .setLogger(new Log())
      .compile();
    spyOn(compiled);
    return compiled.init();
  };

  it('leaves a handler its scope', async () => {
    let spy: jest.SpyInstance;
    const app = await started((compiled) => {
      spy = jest.spyOn(compiled.get(PlaceHandler), 'execute').mockResolvedValue('nothing done');
    });
    const bus = app.get(CommandBus);
    expect(await bus.execute(new Place())).toBe('nothing done');
    spy!.mockRestore();
    expect(await bus.execute(new Place())).toBe('placed');
    expect(app.get(Outbox).sent).toEqual(['receipt']);
    await app.close();
  });

  it('keeps buffering the calls of an intercepted provider', async () => {
    const app = await started((compiled) => {
      jest.spyOn(compiled.get(Stock), 'sell').mockResolvedValue();
    });
    jest.restoreAllMocks();
    const stock = app.get(Stock);
    await runInScope(async () => {
      await stock.sell('tea');
      throw new Error('refused');
    }).catch(() => {});
    expect(stock.sold).toEqual([]);
    await app.close();
  });

  it('has a listener that begins later follow the scope of its event', async () => {
    const app = await started((compiled) => {
      jest.spyOn(compiled.get(EventEmitter2), 'emit').mockReturnValue(true);
    });
    jest.restoreAllMocks();
    await runInScope(async () => {
      app.get(EventEmitter2).emit('placed');
      throw new Error('refused');
    }).catch(() => {});
    await until(() => app.get(Listener).isHeard);
    await new Promise(setImmediate);
    expect(app.get(Outbox).sent).toEqual([]);
    await app.close();
  });
});
