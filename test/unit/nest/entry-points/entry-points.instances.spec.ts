import { Inject, Injectable, type Provider, Scope } from '@nestjs/common';
import { CommandBus, CommandHandler, CqrsModule, EventBus, EventsHandler } from '@nestjs/cqrs';
import { EventEmitter2, EventEmitterModule, OnEvent } from '@nestjs/event-emitter';
import {
  AirlockModule,
  AirlockOptionsError,
  AirlockService,
  currentScope,
  EffectBuffer,
  enqueue,
} from 'nestjs-airlock';
import { boot, bootModule, checkAfterEach, moduleOf, Outbox } from '../../../e2e/http/fixtures.js';

const emitters = [EventEmitterModule.forRoot()];
const names: (string | undefined)[] = [];

class Base {
  @OnEvent('placed')
  inherited(): void {
    names.push(currentScope()?.name);
    enqueue(function mail() {});
  }
}

@Injectable()
class Listener extends Base {
  @OnEvent('placed')
  async own(): Promise<void> {
    names.push(currentScope()?.name);
    await Promise.resolve();
  }
}

const FACTORY: Provider = {
  provide: 'FACTORY',
  useFactory: async () => Promise.resolve(new Listener()),
};

function sorted(texts: readonly (string | undefined)[]): readonly string[] {
  return texts.map(String).toSorted();
}

beforeEach(() => void (names.length = 0));
checkAfterEach();

async function emit(providers: Provider[]) {
  const booted = await boot({ imports: emitters, providers });
  await booted.app.get(EventEmitter2).emitAsync('placed');
  return booted;
}

describe('when a listener is provided', () => {
  it.each<[string, Provider[]]>([
    ['as a class', [Listener]],
    ['by useClass', [{ provide: 'TOKEN', useClass: Listener }]],
    ['by useFactory', [FACTORY]],
    ['by useValue', [{ provide: 'TOKEN', useValue: new Listener() }]],
    ['and by useExisting once more', [Listener, { provide: 'ALIAS', useExisting: Listener }]],
    ['request-scoped', [{ provide: Listener, useClass: Listener, scope: Scope.REQUEST }]],
  ])('%s, opens one scope per call, for inherited methods too', async (_, providers) => {
    await emit(providers);
    expect(sorted(names)).toEqual(['Listener.inherited', 'Listener.own']);
  });

  it('keeps the instance as others see it: name, length, metadata and what is enumerable', async () => {
    const { app } = await emit([Listener]);
    const listener = app.get(Listener);
    expect(Object.keys(listener)).toEqual([]);
    for (const key of ['own', 'inherited'] as const) {
      const original = Listener.prototype[key];
      expect(listener[key]).not.toBe(original);
      expect([listener[key].name, listener[key].length]).toEqual([original.name, original.length]);
      expect(Reflect.getMetadataKeys(listener[key])).toEqual(Reflect.getMetadataKeys(original));
    }
  });

  it('leaves the class and other instances alone', async () => {
    const before = Object.getOwnPropertyDescriptors(Listener.prototype);
    await emit([Listener]);
    expect(Object.getOwnPropertyDescriptors(Listener.prototype)).toEqual(before);
    await new Listener().own();
    expect(names.at(-1)).toBeUndefined();
  });

  it('refuses to boot with one that is frozen, by name', async () => {
    const booting = boot({
      imports: emitters,
      providers: [{ provide: 'TOKEN', useValue: Object.freeze(new Listener()) }],
    });
    await expect(booting).rejects.toBeInstanceOf(AirlockOptionsError);
    await expect(booting).rejects.toThrow(/`Listener\.(own|inherited)` cannot be replaced.*frozen/);
  });
});

class Place {
  constructor(readonly text: string) {}
}
class Placed extends Place {}

@Injectable({ scope: Scope.REQUEST })
class PerRequest {
  readonly id = Math.random();
}

abstract class Handling {
  static readonly seen = new Set<object>();
  @Inject(PerRequest) readonly perRequest!: PerRequest;
  @Inject(EffectBuffer) readonly effects!: EffectBuffer;
  @Inject(Outbox) readonly outbox!: Outbox;

  protected async work(text: string): Promise<string | undefined> {
    Handling.seen.add(this);
    await Promise.resolve();
    this.effects.enqueue(() => void this.outbox.sent.push(text));
    return currentScope()?.name;
  }
}

@CommandHandler(Place)
class PlaceHandler extends Handling {
  async execute({ text }: Place): Promise<string | undefined> {
    return this.work(text);
  }
}

@EventsHandler(Placed)
class PlacedHandler extends Handling {
  async handle({ text }: Placed): Promise<void> {
    names.push(await this.work(text));
  }
}

describe('when handlers depend on something request-scoped', () => {
  const metadata = {
    imports: [CqrsModule.forRoot()],
    providers: [PerRequest, PlaceHandler, PlacedHandler],
  };

  it('opens a scope around each call of each instance', async () => {
    Handling.seen.clear();
    const { app, sent } = await boot(metadata);
    for (const text of ['a', 'b'])
      expect(await app.get(CommandBus).execute(new Place(text))).toBe('PlaceHandler.execute');
    expect(Handling.seen.size).toBe(2);
    expect(sent).toEqual(['a', 'b']);
  });

  it('opens one for events too', async () => {
    const { app, fate } = await boot(metadata);
    app.get(EventBus).publish(new Placed('c'));
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect((await fate()).out).toEqual(['c']);
    expect(names).toEqual(['PlacedHandler.handle']);
  });

  it('gives each of two applications that share the classes its own scopes', async () => {
    const [first, second] = [await boot(metadata), await boot(metadata, { outsideScope: 'drop' })];
    await Promise.all([
      first.app.get(CommandBus).execute(new Place('1')),
      second.app.get(CommandBus).execute(new Place('2')),
    ]);
    expect([first.sent, second.sent]).toEqual([['1'], ['2']]);
  });
});

describe('when several applications share a listener', () => {
  class Shared {
    buffers: EffectBuffer[] = [];
    @OnEvent('placed')
    listener(): void {
      names.push(currentScope()?.name);
      names.push(...this.buffers.map((buffer) => String(buffer.isActive)));
    }
  }

  async function both(shared: Shared, provider: () => Provider) {
    const first = await boot({ imports: emitters, providers: [provider()] });
    const second = await boot({ imports: emitters, providers: [provider()] });
    shared.buffers = [first, second].map(({ app }) => app.get(EffectBuffer));
    return [first.app, second.app] as const;
  }

  it('opens one scope, of the application whose instance is called', async () => {
    const [first, second] = await both(new Shared(), () => Shared);
    for (const app of [first, second])
      app.get(Shared).buffers = [first, second].map((one) => one.get(EffectBuffer));
    first.get(EventEmitter2).emit('placed');
    second.get(EventEmitter2).emit('placed');
    expect(names).toEqual(['Shared.listener', 'true', 'false', 'Shared.listener', 'false', 'true']);
  });

  it('nests a call of a shared instance in the scope it is made in', async () => {
    const shared = new Shared();
    const [first, second] = await both(shared, () => ({ provide: 'SHARED', useValue: shared }));
    for (const app of [first, second]) {
      await app.get(AirlockService).run(() => app.get(EventEmitter2).emit('placed'));
    }
    expect(names).toEqual(['Shared.listener', 'true', 'false', 'Shared.listener', 'false', 'true']);
  });

  it('does not wrap a shared instance twice where one application follows the other', async () => {
    const shared = new Shared();
    for (let i = 0; i < 3; i++) {
      const { app } = await boot({
        imports: emitters,
        providers: [{ provide: 'SHARED', useValue: shared }],
      });
      shared.buffers = [app.get(EffectBuffer)];
      await app.get(AirlockService).run(() => {
        shared.listener();
        expect(currentScope()?.parent).toBeUndefined();
      });
      app.get(EventEmitter2).emit('placed');
      await app.close();
    }
    expect(names).toEqual(Array.from({ length: 6 }).flatMap(() => ['Shared.listener', 'true']));
  });
});

describe('when a provider of several modules has entry points', () => {
  it('opens one scope per call of each of its instances', async () => {
    const feature = () => moduleOf({ providers: [Listener] });
    const { app } = await bootModule(
      moduleOf({ imports: [feature(), ...emitters, AirlockModule.forRoot(), feature()] }),
    );
    await app.get(EventEmitter2).emitAsync('placed');
    expect(sorted(names)).toEqual([
      'Listener.inherited',
      'Listener.inherited',
      'Listener.own',
      'Listener.own',
    ]);
    const { entryPoints } = app
      .get(AirlockService)
      .explain()
      .boundaries.find(({ name }) => name === 'event-emitter')!;
    expect(sorted(entryPoints)).toEqual(['Listener.inherited', 'Listener.own']);
  });
});
