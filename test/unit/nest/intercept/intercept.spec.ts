import { Inject, Injectable, Scope } from '@nestjs/common';
import { EventEmitter2, EventEmitterModule } from '@nestjs/event-emitter';
import {
  AirlockOptionsError,
  AirlockService,
  BufferedCall,
  EffectBuffer,
  type InterceptedProvider,
  type Policy,
  PolicyEnqueueError,
  runInScope,
  SideEffect,
} from 'nestjs-airlock';
import { lastValueFrom, type Observable, of, toArray } from 'rxjs';
import { boot, checkAfterEach, delay, moduleOf } from '../../../e2e/http/fixtures.js';

const results: unknown[] = [];

@Injectable()
class Queue {
  readonly jobs: string[] = [];
  readonly receivers: unknown[] = [];

  async add(name: string): Promise<{ id: string }> {
    this.receivers.push(this);
    await Promise.resolve();
    this.jobs.push(name);
    return { id: name };
  }
  async addBulk(names: readonly string[]): Promise<void> {
    for (const name of names) await this.add(name);
  }
  emit(name: string): Observable<string> {
    this.jobs.push(name);
    return of(name);
  }
  count(): number {
    return this.jobs.length;
  }
}

@Injectable()
class Mail {
  constructor(@Inject('QUEUE') private readonly queue: Queue) {}
  @SideEffect()
  async send(): Promise<void> {
    results.push(await this.queue.add('from @SideEffect'));
  }
}

const intercept: readonly InterceptedProvider[] = [
  { token: 'QUEUE', methods: ['add', 'addBulk', 'emit'] },
];

async function start() {
  const booted = await boot(
    { providers: [{ provide: 'QUEUE', useClass: Queue }, Mail] },
    { intercept },
  );
  const { app } = booted;
  return {
    ...booted,
    queue: app.get<Queue>('QUEUE'),
    airlock: app.get(AirlockService),
    effects: app.get(EffectBuffer),
  };
}

checkAfterEach();

describe('when an intercepted method is called in a scope', () => {
  it('is made when the scope lets it out, under the token of the provider and the name of the method', async () => {
    const { queue, airlock, effects } = await start();
    await airlock.run(async () => {
      expect(await queue.add('a')).toBeUndefined();
      expect(effects.intents.map(({ name, args }) => [name, args])).toEqual([['QUEUE.add', ['a']]]);
      expect(queue.jobs).toEqual([]);
    });
    expect(queue.jobs).toEqual(['a']);
    expect(queue.receivers).toEqual([queue]);
  });

  it('is never made where the scope fails', async () => {
    const { queue, airlock, fate } = await start();
    const work = airlock.run(() => {
      void queue.add('a');
      throw new Error('of the work');
    });
    await expect(work).rejects.toThrow('of the work');
    expect((await fate()).dropped).toEqual(['QUEUE.add']);
    expect(queue.jobs).toEqual([]);
  });

  it('makes what it calls itself as always, once', async () => {
    const { queue, airlock } = await start();
    await airlock.run(() => queue.addBulk(['a', 'b']));
    expect(queue.jobs).toEqual(['a', 'b']);
  });

  it('leaves methods alone that are not named', async () => {
    const { queue, airlock } = await start();
    expect(await airlock.run(() => queue.count())).toBe(0);
  });

  it('warns once per method, with what to write instead', async () => {
    const { queue, airlock, log } = await start();
    for (let i = 0; i < 2; i++)
      await airlock.run(() => (void queue.add('a'), void queue.emit('b')));
    const warnings = log.airlock('warn');
    expect(warnings).toHaveLength(2);
    expect(warnings[0]).toContain('`QUEUE.add` was called in a scope');
    expect(warnings[0]).toContain('effects.defer(target).add(...)');
    expect(warnings[0]).toContain('@SideEffect()');
  });

  it('nests in an outer scope like any effect', async () => {
    const { queue, airlock } = await start();
    await airlock.run(async () => {
      await airlock.run(() => queue.add('nested'));
      expect(queue.jobs).toEqual([]);
    });
    expect(queue.jobs).toEqual(['nested']);
  });
});

describe('when what it returns is waited for', () => {
  it.each<[string, (call: BufferedCall) => Promise<unknown>]>([
    ['await', async (call) => await call],
    ['then', (call) => call.then((value) => value)],
    ['catch', (call) => call.catch(() => 'caught')],
    ['finally', (call) => call.finally(() => {})],
    ['Promise.all', async (call) => (await Promise.all([call]))[0]],
    ['lastValueFrom', (call) => lastValueFrom(call)],
    [
      'subscribe',
      (call) => new Promise((complete) => call.subscribe({ complete: () => complete(undefined) })),
    ],
  ])('gives undefined: %s', async (_, wait) => {
    const { queue, airlock } = await start();
    await airlock.run(async () => {
      const call = queue.emit('a') as unknown as BufferedCall;
      expect(call).toBeInstanceOf(BufferedCall);
      expect(await wait(call)).toBeUndefined();
    });
  });

  it('emits once and completes, through operators too', async () => {
    const { queue, airlock } = await start();
    expect(await airlock.run(() => lastValueFrom(queue.emit('a').pipe(toArray())))).toEqual([
      undefined,
    ]);
  });
});

describe('when an intercepted method is called elsewhere', () => {
  it('passes through unchanged outside any scope', async () => {
    const { queue, log } = await start();
    expect(await queue.add('a')).toEqual({ id: 'a' });
    expect(await lastValueFrom(queue.emit('b'))).toBe('b');
    expect(log.airlock('warn')).toEqual([]);
  });

  it('passes through in effects at work: of @SideEffect(), of defer, of a function', async () => {
    const { app, queue, airlock, effects, log } = await start();
    await airlock.run(async () => {
      await app.get(Mail).send();
      effects.defer(queue).add('deferred');
      effects.enqueue(async () => {
        results.push(await queue.add('of a function'));
      });
    });
    expect(queue.jobs).toEqual(['from @SideEffect', 'deferred', 'of a function']);
    expect(results).toEqual([{ id: 'from @SideEffect' }, { id: 'of a function' }]);
    expect(log.airlock('warn')).toEqual([]);
  });

  it('is buffered in a scope that an effect opens', async () => {
    const { queue, airlock, effects } = await start();
    await airlock.run(() => {
      effects.enqueue(() =>
        runInScope(async () => {
          expect(await queue.add('inner')).toBeUndefined();
        }),
      );
    });
    expect(queue.jobs).toEqual(['inner']);
  });

  it('passes through after its scope has ended, with one warning per method that names the scope', async () => {
    const { queue, airlock, log } = await start();
    let late!: Promise<unknown>;
    await airlock.run({ name: 'import' }, () => {
      late = delay(2).then(() => Promise.all([queue.add('late'), queue.add('later')]));
    });
    expect(await late).toEqual([{ id: 'late' }, { id: 'later' }]);
    expect(queue.jobs).toEqual(['late', 'later']);
    expect(log.airlock('warn')).toEqual([
      expect.stringContaining('`QUEUE.add` was called in scope "import" after it had ended'),
    ]);
  });

  it('is refused in a policy', async () => {
    const { queue, airlock, effects } = await start();
    let error: unknown;
    const policy: Policy = {
      onEnqueue: () => {
        try {
          void queue.add('from a policy');
        } catch (thrown) {
          error = thrown;
        }
      },
    };
    await airlock.run({ policy }, () => effects.enqueue(() => {}));
    expect(error).toBeInstanceOf(PolicyEnqueueError);
  });

  it('passes through in a scope of another application', async () => {
    const { queue } = await start();
    const other = await boot({});
    await other.app.get(AirlockService).run(async () => {
      expect(await queue.add('a')).toEqual({ id: 'a' });
    });
  });
});

describe('when a provider of a real package is intercepted', () => {
  it('buffers emits', async () => {
    const { app, log } = await boot(
      { imports: [EventEmitterModule.forRoot()] },
      { intercept: [{ token: EventEmitter2, methods: ['emit', 'emitAsync'] }] },
    );
    const heard: string[] = [];
    const emitter = app.get(EventEmitter2);
    emitter.on('placed', (order: string) => void heard.push(order));
    emitter.emit('placed', '1');
    await app.get(AirlockService).run(async () => {
      emitter.emit('placed', '2');
      await emitter.emitAsync('placed', '3');
      expect(heard).toEqual(['1']);
    });
    expect(heard).toEqual(['1', '2', '3']);
    expect(log.airlock('warn')).toHaveLength(2);
    const { intercepted } = app.get(AirlockService).explain();
    expect(intercepted.map((name) => name.split('.')[1])).toEqual(['emit', 'emitAsync']);
  });
});

describe('when several modules provide the token', () => {
  it('intercepts each, and one that is there twice only once', async () => {
    const queue = new Queue();
    const feature = () => moduleOf({ providers: [{ provide: 'QUEUE', useValue: queue }] });
    const { app } = await boot(
      { imports: [feature(), feature()] },
      { intercept: [...intercept, ...intercept] },
    );
    await app.get(AirlockService).run(() => queue.add('a'));
    expect(queue.jobs).toEqual(['a']);
  });
});

describe('when a method is the value of a getter', () => {
  class Sdk {
    readonly sent: string[] = [];
    get send(): (text: string) => void {
      return (text) => void this.sent.push(text);
    }
  }

  it('belongs to its instance, in a scope and outside', async () => {
    const { app } = await boot(
      { providers: [Sdk] },
      { intercept: [{ token: Sdk, methods: ['send'] }] },
    );
    const sdk = app.get(Sdk);
    sdk.send('at once');
    await app.get(AirlockService).run(() => {
      sdk.send('later');
      expect(sdk.sent).toEqual(['at once']);
    });
    expect(sdk.sent).toEqual(['at once', 'later']);
  });
});

describe('when what is to be intercepted is not there', () => {
  const providers = [
    { provide: 'QUEUE', useClass: Queue },
    { provide: 'TEXT', useValue: 'text' },
    { provide: 'PER REQUEST', useClass: Queue, scope: Scope.REQUEST },
    { provide: 'TRANSIENT', useClass: Queue, scope: Scope.TRANSIENT },
  ];

  it.each<[string, InterceptedProvider, RegExp]>([
    ['an unknown token', { token: 'NONE', methods: ['add'] }, /`NONE`, but no module provides it/],
    ['an unknown class', { token: Mail, methods: ['send'] }, /`Mail`, but no module provides it/],
    ['an unknown symbol', { token: Symbol('none'), methods: ['add'] }, /`Symbol\(none\)`/],
    [
      'an unknown method',
      { token: 'QUEUE', methods: ['add', 'push'] },
      /`QUEUE`, but `Queue\.push` is not a method/,
    ],
    ['a property', { token: 'QUEUE', methods: ['jobs'] }, /`Queue\.jobs` is not a method/],
    ['no object', { token: 'TEXT', methods: ['add'] }, /`TEXT`, which is not an object/],
    [
      'a request-scoped provider',
      { token: 'PER REQUEST', methods: ['add'] },
      /`PER REQUEST`, which is request-scoped/,
    ],
    [
      'a transient provider',
      { token: 'TRANSIENT', methods: ['add'] },
      /`TRANSIENT`, which is request-scoped or transient/,
    ],
  ])('refuses to boot with %s, and names it', async (_, provider, message) => {
    const booting = boot({ providers }, { intercept: [provider] });
    await expect(booting).rejects.toBeInstanceOf(AirlockOptionsError);
    await expect(booting).rejects.toMatchObject({
      key: 'intercept',
      message: expect.stringMatching(message) as string,
    });
  });
});
