import { type CanActivate, Controller, Get, Injectable, Scope, UseGuards } from '@nestjs/common';
import {
  Command,
  CommandBus,
  CommandHandler,
  CqrsModule,
  EventBus,
  EventsHandler,
  type ICommandHandler,
  type IEventHandler,
} from '@nestjs/cqrs';
import { EventEmitter2, EventEmitterModule, OnEvent } from '@nestjs/event-emitter';
import {
  AirlockService,
  BlockTasks,
  defer,
  detached,
  enqueue,
  openFrame,
  ShuttingDownError,
  trackTransactions,
  UseAirlockPolicy,
} from 'nestjs-airlock';
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import {
  boot,
  checkAfterEach,
  COMPLETED,
  Effects,
  FAILED,
  gate,
  listen,
  platforms,
} from '../e2e/http/fixtures.js';
import { isCollected } from '../unit/core/fixtures.js';

/** What makes each listener here begin late: its dependency, or an option of the emitter. */
let slow = gate();
let isHeard = gate();
let onRefused: (error: unknown) => void;

class Slow {}

class Work {
  constructor(private readonly effects: Effects) {}

  do(): void {
    try {
      this.effects.all();
    } catch (error) {
      onRefused(error);
    }
    isHeard.open();
  }
}
Injectable()(Work);
Reflect.defineMetadata('design:paramtypes', [Effects], Work);

@Injectable()
class Listener {
  constructor(private readonly work: Work) {}

  @OnEvent('async', { async: true })
  async onAsync(): Promise<void> {
    this.work.do();
  }

  @OnEvent('nextTick', { nextTick: true })
  onNextTick(): void {
    this.work.do();
  }

  @OnEvent('narrowed', { async: true })
  @UseAirlockPolicy(new BlockTasks(['success']))
  onNarrowed(): void {
    this.work.do();
  }
}

@Injectable({ scope: Scope.REQUEST })
class SlowListener {
  constructor(
    private readonly work: Work,
    readonly slow: Slow,
  ) {}

  @OnEvent('slow')
  onSlow(): void {
    this.work.do();
  }
}

class Paid {}
class Tell extends Command<void> {}

@EventsHandler(Paid, { scope: Scope.REQUEST })
class PaidHandler implements IEventHandler<Paid> {
  constructor(
    private readonly work: Work,
    readonly slow: Slow,
  ) {}

  handle(): void {
    this.work.do();
  }
}

@CommandHandler(Tell, { scope: Scope.REQUEST })
class TellHandler implements ICommandHandler<Tell> {
  constructor(
    private readonly work: Work,
    readonly slow: Slow,
  ) {}

  async execute(): Promise<void> {
    this.work.do();
  }
}

const stop = new Error('sold out');

const transaction = trackTransactions(
  async <T>(callback: (tx: undefined) => Promise<T>): Promise<T> => callback(undefined),
  () => openFrame({ name: 'orders' }),
);

@Injectable()
class Guard implements CanActivate {
  constructor(private readonly emitter: EventEmitter2) {}
  canActivate(): boolean {
    return this.emitter.emit('slow');
  }
}

@Controller()
class OrdersController {
  constructor(private readonly emitter: EventEmitter2) {}

  @Get('placed')
  placed(): void {
    this.emitter.emit('slow');
  }

  @Get('sold-out')
  soldOut(): void {
    this.emitter.emit('slow');
    throw stop;
  }

  @Get('guarded')
  @UseGuards(Guard)
  guarded(): void {}

  @Get('guarded-and-sold-out')
  @UseGuards(Guard)
  guardedAndSoldOut(): void {
    throw stop;
  }
}

const parts = {
  imports: [EventEmitterModule.forRoot(), CqrsModule.forRoot()],
  controllers: [OrdersController],
  providers: [
    Work,
    Listener,
    SlowListener,
    PaidHandler,
    TellHandler,
    {
      provide: Slow,
      scope: Scope.REQUEST,
      useFactory: async () => (await slow.passed, new Slow()),
    },
  ],
};

beforeEach(() => {
  slow = gate();
  isHeard = gate();
  onRefused = (error) => {
    throw error;
  };
});

async function start() {
  const { app, fate, sent } = await boot(parts);
  await app.init();
  const emitter = app.get(EventEmitter2);
  const ways = {
    'an @OnEvent listener with `async`': () => emitter.emit('async'),
    'an @OnEvent listener with `async`, of `emitAsync`': () => emitter.emitAsync('async'),
    'an @OnEvent listener with `nextTick`': () => emitter.emit('nextTick'),
    'a request-scoped @OnEvent listener': () => emitter.emit('slow'),
    'a request-scoped handler of an event': () => app.get(EventBus).publish(new Paid()),
    'a request-scoped handler of events': () => app.get(EventBus).publishAll([new Paid()]),
    'a request-scoped handler of a command': () => void app.get(CommandBus).execute(new Tell()),
  };
  return {
    app,
    sent,
    emitter,
    airlock: app.get(AirlockService),
    tell: (way: keyof typeof ways) => void ways[way](),
    /** What became of its effects, once the listener has been let in. */
    fate: async () => {
      slow.open();
      await isHeard.passed;
      return fate();
    },
  };
}

const ways = [
  'an @OnEvent listener with `async`',
  'an @OnEvent listener with `async`, of `emitAsync`',
  'an @OnEvent listener with `nextTick`',
  'a request-scoped @OnEvent listener',
  'a request-scoped handler of an event',
  'a request-scoped handler of events',
  'a request-scoped handler of a command',
] as const;

checkAfterEach();

describe.each(ways)('when %s begins after the scope it was told of in has ended', (way) => {
  it('lets its effects out where the scope has completed', async () => {
    const { airlock, tell, fate } = await start();
    await airlock.run(async () => tell(way));
    expect(await fate()).toEqual(COMPLETED);
  });

  it('goes as that scope went, where that has failed', async () => {
    const { airlock, tell, fate } = await start();
    const failing = airlock.run(async () => {
      tell(way);
      throw stop;
    });
    await expect(failing).rejects.toBe(stop);
    expect(await fate()).toEqual(FAILED);
  });

  it('drops them where the transaction around has rolled back, whatever became of the scope', async () => {
    const { airlock, tell, fate } = await start();
    await airlock.run(() =>
      transaction(async () => {
        tell(way);
        throw stop;
      }).catch(() => {}),
    );
    expect(await fate()).toEqual({ out: [], dropped: ['success', 'failure', 'always'] });
  });

  it('stands under the policies of that scope', async () => {
    const { airlock, tell, fate } = await start();
    const policy = new BlockTasks(['success']);
    await airlock.run({ policy }, async () => tell(way));
    expect(await fate()).toEqual({ out: ['always'], dropped: ['failure', 'success'] });
  });

  it('is a unit of work of its own where it was told by what such a scope has left behind', async () => {
    const { airlock, tell, fate } = await start();
    const later = gate();
    const failing = airlock.run(async () => {
      void later.passed.then(() => tell(way));
      throw stop;
    });
    await expect(failing).rejects.toBe(stop);
    later.open();
    expect(await fate()).toEqual(COMPLETED);
  });
});

describe.each(platforms)(
  'when it begins after the answer to a request on %s',
  (_name, platform) => {
    it.each([
      ['placed', COMPLETED],
      ['sold-out', FAILED],
      ['guarded', COMPLETED],
      ['guarded-and-sold-out', FAILED],
    ])('goes as the request went: /%s', async (path, expected) => {
      const { request, fate } = await listen(platform, parts);
      await request(`/${path}`);
      slow.open();
      await isHeard.passed;
      expect(await fate()).toEqual(expected);
    });
  },
);

it('binds the policies of the listener as well', async () => {
  const { airlock, emitter, fate } = await start();
  await airlock.run({ policy: new BlockTasks(['always']) }, async () => emitter.emit('narrowed'));
  expect(await fate()).toEqual({ out: [], dropped: ['failure', 'success', 'always'] });
});

it('goes as the effect went that has emitted: a deferred `emit`', async () => {
  const { airlock, emitter, fate } = await start();
  await airlock.run(async () => defer(emitter).emit('async'));
  expect(await fate()).toEqual(COMPLETED);
});

it('is dropped with an effect that has failed after its `emit`', async () => {
  const { airlock, emitter, fate } = await start();
  const failing = airlock.run({ onDispatchError: () => {} }, async () =>
    enqueue(() => {
      emitter.emit('async');
      throw stop;
    }),
  );
  await failing;
  expect(await fate()).toEqual(FAILED);
});

it('leaves a timer that a listener added by hand has started a unit of work of its own', async () => {
  const { airlock, emitter, fate } = await start();
  emitter.on('placed', () => void setImmediate(() => emitter.emit('async')));
  const failing = airlock.run(async () => {
    emitter.emit('placed');
    throw stop;
  });
  await expect(failing).rejects.toBe(stop);
  expect(await fate()).toEqual(COMPLETED);
});

it('leaves what arrives over a connection that a bus has made for its first event alone', async () => {
  const { app, fate } = await boot(parts);
  await app.init();
  const bus = app.get(EventBus);
  let connection: { readonly port1: MessagePort; readonly port2: MessagePort } | undefined;
  bus.publisher = {
    publish() {
      if (connection === undefined) {
        connection = new MessageChannel();
        connection.port2.on('message', () => bus.subject$.next(new Paid()));
      }
      connection.port1.postMessage('paid');
    },
  };
  slow.open();
  const failing = app.get(AirlockService).run(async () => {
    bus.publish(new Paid());
    throw stop;
  });
  await expect(failing).rejects.toBe(stop);
  await isHeard.passed;
  connection!.port1.close();
  expect(await fate()).toEqual(COMPLETED);
});

it('keeps no event for a timer that a listener has started in `detached`', async () => {
  const { airlock, emitter } = await start();
  let timer: NodeJS.Timeout | undefined;
  emitter.on('placed', () => (timer = detached(() => setInterval(() => {}, 60_000))));
  const event = await airlock.run(async () => {
    const placed = {};
    emitter.emit('placed', placed);
    return new WeakRef(placed);
  });
  const isKept = !(await isCollected(event));
  clearInterval(timer);
  expect(isKept).toBe(false);
});

it('calls no effect once the application is closed', async () => {
  const { app, airlock, emitter, sent } = await start();
  const refused = new Promise((resolve) => (onRefused = resolve));
  await airlock.run(async () => emitter.emit('slow'));
  await app.close();
  slow.open();
  expect(await refused).toBeInstanceOf(ShuttingDownError);
  expect(sent).toEqual([]);
});

it('comes once around an emitter that many applications buffer', async () => {
  const emitter = new EventEmitter2();
  const depths: number[] = [];
  emitter.on('placed', () => {
    const limit = Error.stackTraceLimit;
    Error.stackTraceLimit = Infinity;
    depths.push(new Error().stack!.split('\n').length);
    Error.stackTraceLimit = limit;
  });
  const provided = { provide: 'emitter', useValue: emitter };
  const intercept = [{ token: 'emitter', methods: ['emit'] }];
  for (let i = 0; i < 3; i++) {
    const { app } = await boot({ providers: [provided] }, { intercept });
    await app.init();
    await app.get(AirlockService).run(async () => void emitter.emit('placed'));
    await app.close();
  }
  expect(depths[2]).toBe(depths[1]);
});
