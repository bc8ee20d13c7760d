import { Injectable } from '@nestjs/common';
import { EventEmitter2, EventEmitterModule, OnEvent } from '@nestjs/event-emitter';
import {
  Airlock,
  type AirlockModuleOptions,
  AirlockService,
  BlockTasks,
  currentScope,
  DispatchError,
  DropAll,
  type Policy,
  SkipAirlock,
  UseAirlockPolicy,
} from 'nestjs-airlock';
import { lastValueFrom, type Observable, of } from 'rxjs';
import {
  boot,
  checkAfterEach,
  COMPLETED,
  delay,
  Effects,
  FAILED,
} from '../../../e2e/http/fixtures.js';

class UnknownPolicy implements Policy {
  constructor(readonly argument: string) {}
  allows(): boolean {
    return true;
  }
}

@UseAirlockPolicy(new BlockTasks(['by class']))
@Injectable()
class Listeners {
  constructor(readonly effects: Effects) {}

  @OnEvent('value', { suppressErrors: false })
  value(): string | undefined {
    this.effects.all();
    return currentScope()?.name;
  }
  @OnEvent('slow effect', { suppressErrors: false })
  slowEffect(): string {
    this.effects.buffer.enqueue(async () => {
      await delay(1);
      this.effects.outbox.sent.push('slow');
    });
    return 'value';
  }
  @OnEvent('promise', { suppressErrors: false })
  async promise(): Promise<string> {
    await Promise.resolve();
    this.effects.all();
    return 'promised';
  }
  @OnEvent('throws', { suppressErrors: false })
  throws(): void {
    this.effects.all();
    throw new Error('thrown');
  }
  @OnEvent('rejects', { suppressErrors: false })
  async rejects(): Promise<void> {
    await Promise.resolve();
    this.effects.all();
    throw new Error('rejected');
  }
  @OnEvent('observable')
  observable(): Observable<number> {
    this.effects.all();
    return of(7);
  }
  @OnEvent('policies')
  @UseAirlockPolicy(new BlockTasks(['by method']))
  policies(): void {
    for (const name of ['by method', 'by class', 'by boundary', 'free']) this.effects.one(name);
  }
  @OnEvent('airlock', { suppressErrors: false })
  @Airlock(DropAll)
  async airlock(): Promise<void> {
    this.effects.one('dropped');
    await Promise.resolve();
  }
  @OnEvent('skipped', { suppressErrors: false })
  @SkipAirlock()
  skipped(): string | undefined {
    return currentScope()?.name;
  }
  @OnEvent('broken', { suppressErrors: false })
  broken(): string {
    this.effects.buffer.enqueue(function broken() {
      throw new Error('line is dead');
    });
    return 'value';
  }
  @OnEvent('late', { suppressErrors: false })
  async late(): Promise<void> {
    await delay(5);
    this.effects.one('after its emitter');
  }
}

async function start(options?: AirlockModuleOptions) {
  const booted = await boot(
    { imports: [EventEmitterModule.forRoot()], providers: [Listeners] },
    options,
  );
  const emitter = booted.app.get(EventEmitter2);
  const emit = async (event: string): Promise<unknown> =>
    ((await emitter.emitAsync(event)) as unknown[])[0];
  return {
    ...booted,
    emit,
    listeners: booted.app.get(Listeners),
    explained: () => booted.app.get(AirlockService).explain(),
  };
}

checkAfterEach();

describe('when a wrapped handler ends', () => {
  it('keeps a value as it is, and lets its effects out before the call returns', async () => {
    const { listeners, sent } = await start();
    expect(listeners.value()).toBe('Listeners.value');
    expect(sent).toEqual(COMPLETED.out);
  });

  it('gives a Promise of a value where letting the effects out takes time', async () => {
    const { listeners, sent } = await start();
    const value: unknown = listeners.slowEffect();
    expect(value).toBeInstanceOf(Promise);
    expect(await value).toBe('value');
    expect(sent).toEqual(['slow']);
  });

  it.each([
    ['promise', 'promised', COMPLETED],
    ['value', 'Listeners.value', COMPLETED],
  ])('lets the effects of %s out', async (event, value, fate) => {
    const booted = await start();
    expect(await booted.emit(event)).toBe(value);
    expect(await booted.fate()).toEqual(fate);
  });

  it.each([
    ['throws', 'thrown'],
    ['rejects', 'rejected'],
  ])('drops those of one that %s, with its error', async (event, message) => {
    const booted = await start();
    await expect(booted.emit(event)).rejects.toThrow(message);
    expect(await booted.fate()).toEqual(FAILED);
  });

  it('lets them out at the end of an Observable', async () => {
    const { listeners, sent, fate } = await start();
    const stream = listeners.observable();
    expect(sent).toEqual([]);
    expect(await lastValueFrom(stream)).toBe(7);
    expect(await fate()).toEqual(COMPLETED);
  });
});

describe('when a wrapped handler is called in a scope', () => {
  it('nests: the outer scope decides', async () => {
    const { app, emit, fate } = await start();
    const work = app.get(AirlockService).run(async () => {
      await emit('promise');
      throw new Error('outer');
    });
    await expect(work).rejects.toThrow('outer');
    expect(await fate()).toEqual(FAILED);
  });

  it('goes the way of a scope that it outlives', async () => {
    const { app, emit, fate } = await start();
    let listening!: Promise<unknown>;
    await app.get(AirlockService).run(() => void (listening = emit('late')));
    await listening;
    expect(await fate()).toEqual({ out: ['after its emitter'], dropped: [] });
  });
});

describe('when decorators and options narrow a wrapped handler', () => {
  it('applies the policies of method, class and boundary', async () => {
    const { emit, fate } = await start({
      boundaries: { 'event-emitter': { policy: new BlockTasks(['by boundary']) } },
    });
    await emit('policies');
    expect(await fate()).toEqual({
      out: ['free'],
      dropped: ['by method', 'by class', 'by boundary'],
    });
  });

  it('asks shouldFlush', async () => {
    const { emit, fate } = await start({
      boundaries: { 'event-emitter': { shouldFlush: (outcome) => outcome === 'failed' } },
    });
    await expect(emit('throws')).rejects.toThrow('thrown');
    expect((await fate()).out).toEqual(['success', 'failure', 'always']);
  });

  it('nests the scope of @Airlock()', async () => {
    const { emit, fate } = await start();
    await emit('airlock');
    expect(await fate()).toEqual({ out: [], dropped: ['dropped'] });
  });

  it('opens no scope under @SkipAirlock()', async () => {
    const { app, emit } = await start();
    expect(await emit('skipped')).toBeUndefined();
    expect(await app.get(AirlockService).run({ name: 'around' }, () => emit('skipped'))).toBe(
      'around',
    );
  });

  it('opens none where the boundary is off', async () => {
    const { emit, explained } = await start({
      boundaries: { 'event-emitter': false },
      outsideScope: 'drop',
    });
    expect(await emit('value')).toBeUndefined();
    expect(explained().boundaries.find(({ name }) => name === 'event-emitter')).toMatchObject({
      isOn: false,
      entryPoints: [],
    });
  });

  it('is explained, without what is skipped', async () => {
    const { explained } = await start({ boundaries: { 'event-emitter': { policy: DropAll } } });
    const { entryPoints, ...rest } = explained().boundaries.find(
      ({ name }) => name === 'event-emitter',
    )!;
    expect(rest).toEqual({ name: 'event-emitter', isOn: true, policies: ['DropAll'] });
    expect(entryPoints).toContain('Listeners.value');
    expect(entryPoints).not.toContain('Listeners.skipped');
  });

  it('refuses to boot with a policy that cannot be built, naming the method', async () => {
    class Bad {
      @OnEvent('x')
      @UseAirlockPolicy(UnknownPolicy)
      on(): void {}
    }
    await expect(boot({ providers: [Bad] })).rejects.toThrow(
      /^Bad\.on: Class `UnknownPolicy` cannot be built/,
    );
  });
});

describe('when an effect of a wrapped handler fails', () => {
  it('is reported, and the caller has the value', async () => {
    const { emit, log } = await start();
    expect(await emit('broken')).toBe('value');
    expect(log.airlock('error')).toEqual([expect.stringContaining('scope "Listeners.broken"')]);
  });

  it("fails the call under onDispatchError: 'throw'", async () => {
    const { emit } = await start({ onDispatchError: 'throw' });
    await expect(emit('broken')).rejects.toBeInstanceOf(DispatchError);
  });

  it('is handed to a function, whose own error is logged with it', async () => {
    const { emit, log } = await start({
      onDispatchError: () => {
        throw new Error('of the function');
      },
    });
    expect(await emit('broken')).toBe('value');
    expect(log.airlock('error').map((line) => line.split('\n')[0])).toEqual([
      expect.stringContaining('Listeners.broken'),
      'of the function',
    ]);
  });
});

describe('when a wrapped handler is called while the application shuts down', () => {
  it('rejects if it is asynchronous, and throws if it is not', async () => {
    const { app, listeners } = await start();
    await app.close();
    await expect(listeners.promise()).rejects.toMatchObject({ code: 'AIRLOCK_SHUTTING_DOWN' });
    expect(() => listeners.value()).toThrow('shutting down');
  });
});
