import { Injectable, Module, type Provider, Scope } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import {
  AirlockModule,
  type AirlockModuleOptions,
  AirlockOptionsError,
  AirlockService,
  currentEffect,
  EffectBuffer,
  enqueue,
  type Executor,
  runInScope,
  SideEffect,
  type SideEffectOptions,
  UnknownEffectError,
} from 'nestjs-airlock';
import type { EffectEnvelope } from '../../../../lib/nest/remote/envelope.js';
import { EffectWorker } from '../../../../lib/nest/remote/effect-worker.js';
import { EnvelopeWriter } from '../../../../lib/nest/remote/envelope-writer.js';
import type { RemoteOptions } from '../../../../lib/nest/remote/remote-options.js';
import { checkAfterEach, errorOf, sent } from '../../core/fixtures.js';

checkAfterEach();

@Injectable()
class Mail {
  constructor(readonly effects: EffectBuffer) {}
  @SideEffect()
  async send(to: string): Promise<void> {
    sent.push(`mail to ${to}`);
    await this.log(to);
    if (to === 'nobody') throw new Error('no such box');
  }
  @SideEffect({ name: 'mail.log' })
  async log(to: string): Promise<void> {
    sent.push(`logged ${to}`);
  }
}

@Injectable()
class PoliteMail extends Mail {
  @SideEffect()
  override async send(to: string): Promise<void> {
    sent.push(`dear ${to}`);
    await super.send(to);
  }
}

const envelope = (effect: string, ...args: unknown[]) => ({
  v: 1,
  id: 'a:1',
  effect,
  args,
  at: '2026-01-01T00:00:00Z',
});

const warn = jest.fn();
beforeEach(() => warn.mockClear());

async function bootWith(
  options: AirlockModuleOptions,
  ...features: Provider[][]
): Promise<TestingModule & { worker: EffectWorker }> {
  const modules = features.map((providers) => {
    @Module({ providers })
    class Feature {}
    return Feature;
  });
  const app = await Test.createTestingModule({
    imports: [AirlockModule.forRoot(options), ...modules],
  })
    .setLogger({ log() {}, error() {}, warn })
    .compile();
  await app.init();
  return Object.assign(app, { worker: app.get(EffectWorker) });
}

function boot(...providers: Provider[]): Promise<TestingModule & { worker: EffectWorker }> {
  return bootWith({}, providers);
}

/** An engine that keeps what it is sent. */
function engine(options: RemoteOptions = {}): Executor & { readonly jobs: EffectEnvelope[] } {
  const jobs: EffectEnvelope[] = [];
  const writer = new EnvelopeWriter('The engine', options);
  return {
    remote: true,
    jobs,
    accepts: (call) => writer.accepts(call),
    execute: (intent) => void jobs.push(writer.write(intent)),
  };
}

describe('when a worker runs an effect by its name', () => {
  it('runs the method itself, and lets out what that enqueued when it succeeds', async () => {
    const { worker } = await boot(Mail);
    await worker.run(envelope('Mail.send', 'ann'));
    expect(sent).toEqual(['mail to ann', 'logged ann']);
    await worker.run(envelope('mail.log', 'bob'));
    expect(sent).toEqual(['mail to ann', 'logged ann', 'logged bob']);
  });

  it('drops what it enqueued when it fails, and passes its error on', async () => {
    const { worker } = await boot(Mail);
    expect(await errorOf(() => worker.run(envelope('Mail.send', 'nobody')))).toEqual(
      new Error('no such box'),
    );
    expect(sent).toEqual(['mail to nobody']);
  });

  it('makes a request-scoped provider anew for each run', async () => {
    let made = 0;
    @Injectable({ scope: Scope.REQUEST })
    class PerRun {
      readonly number = ++made;
      @SideEffect()
      async tell(): Promise<void> {
        sent.push(`run ${this.number}`);
      }
    }
    const { worker } = await boot(PerRun);
    await worker.run(envelope('PerRun.tell'));
    await worker.run(envelope('PerRun.tell'));
    expect(sent).toEqual(['run 1', 'run 2']);
  });

  it('finds an inherited one under the name of the class that inherits it', async () => {
    @Injectable()
    class LoudMail extends Mail {
      @SideEffect({ name: 'loud.log' })
      override async log(to: string): Promise<void> {
        sent.push(`LOGGED ${to}`);
      }
    }
    const { worker } = await boot(Mail, LoudMail);
    expect(worker.names).toEqual(
      expect.arrayContaining(['Mail.send', 'mail.log', 'LoudMail.send', 'loud.log']),
    );
    await worker.run(envelope('LoudMail.send', 'ann'));
    expect(sent).toEqual(['mail to ann', 'LOGGED ann']);
  });

  it.each<[string, unknown, string]>([
    [
      'an unknown name',
      envelope('Mail.burn'),
      'No effect is named "Mail.burn" here. Known effects: ',
    ],
    ['another version', { ...envelope('Mail.send'), v: 2 }, 'its version is 2, and 1 is known'],
    ['no object', 'Mail.send', 'it is not an object'],
    ['no arguments', { ...envelope('Mail.send'), args: 'ann' }, 'its `args` is not an array'],
    ['no id', { ...envelope('Mail.send'), id: undefined }, 'its `id` is not a string'],
    [
      'an origin that is not a string',
      { ...envelope('Mail.send'), origin: 7 },
      'its `origin` is not a string',
    ],
    [
      'carried values that are none',
      { ...envelope('Mail.send'), context: 'bad' },
      'its `context` is not an object',
    ],
  ])('refuses %s', async (_, data, message) => {
    const { worker } = await boot(Mail);
    const error = await errorOf(() => worker.run(data));
    expect(error).toBeInstanceOf(UnknownEffectError);
    expect(error.message).toContain(message);
    expect(sent).toEqual([]);
  });
});

describe('when an effect overrides another', () => {
  it('is sent under its name, and what it calls by `super` runs with it', async () => {
    const executor = engine();
    const app = await bootWith({ executor }, [PoliteMail]);
    await app.get(AirlockService).run(() => app.get(PoliteMail).send('ann'));
    expect(executor.jobs).toMatchObject([{ effect: 'PoliteMail.send', args: ['ann'] }]);
    await app.worker.run(executor.jobs[0]);
    expect(sent).toEqual(['dear ann', 'mail to ann']);
    expect(executor.jobs.slice(1)).toMatchObject([{ effect: 'mail.log', args: ['ann'] }]);
  });

  it('fails by what it calls by `super` where only effects with a name are taken', async () => {
    const app = await bootWith({ executor: engine({ plainFunctions: 'refuse' }) }, [PoliteMail]);
    const error = await errorOf(() => app.worker.run(envelope('PoliteMail.send', 'ann')));
    expect(error).toBeInstanceOf(AirlockOptionsError);
    expect(error.message).toContain(
      '`PoliteMail.send` is not a `@SideEffect()` method that a worker could find',
    );
  });
});

describe('when an effect is called in another way', () => {
  it.each<[string, AirlockModuleOptions, (mail: Mail, effects: EffectBuffer) => void]>([
    ['deferred', {}, (mail, effects) => effects.defer(mail).send('ann')],
    [
      'intercepted',
      { intercept: [{ token: Mail, methods: ['send'] }] },
      (mail) => void mail.send('ann'),
    ],
  ])('is sent under its name if it is %s', async (_, options, call) => {
    const executor = engine({ plainFunctions: 'refuse' });
    const app = await bootWith({ ...options, executor }, [Mail]);
    await app.get(AirlockService).run(() => call(app.get(Mail), app.get(EffectBuffer)));
    expect(executor.jobs).toMatchObject([{ effect: 'Mail.send', args: ['ann'] }]);
  });
});

describe('when something stands in front of an effect', () => {
  it('is sent under its name, where that is a spy on the object', async () => {
    const executor = engine({ plainFunctions: 'refuse' });
    const app = await bootWith({ executor }, [Mail]);
    const spy = jest.spyOn(app.get(Mail), 'send');
    await app.get(AirlockService).run(() => app.get(Mail).send('ann'));
    expect(spy).toHaveBeenCalledWith('ann');
    expect(executor.jobs).toMatchObject([{ effect: 'Mail.send', args: ['ann'] }]);
  });

  it('refuses the call, where that is a decorator that keeps no metadata: no worker would find the effect', async () => {
    const Timed = (): MethodDecorator => (_, __, descriptor) => {
      const timed = descriptor.value as unknown as (...args: unknown[]) => unknown;
      descriptor.value = function (this: unknown, ...args: unknown[]) {
        return timed.apply(this, args);
      } as never;
    };
    @Injectable()
    class Hidden {
      @Timed()
      @SideEffect()
      async send(): Promise<void> {
        sent.push('sent');
      }
    }
    const executor = engine();
    const app = await bootWith({ executor }, [Hidden]);
    const error = await errorOf(() => app.get(AirlockService).run(() => app.get(Hidden).send()));
    expect(error).toBeInstanceOf(AirlockOptionsError);
    expect(error.message).toBe(
      'Something replaces `Hidden.send` on its class and hides that it is a `@SideEffect()`, so that no worker finds the effect: ' +
        'a decorator above it, or a spy. Put `@SideEffect()` above the decorator, or have it copy the metadata of the method; spy on the object.',
    );
    const inProcess = await bootWith({}, [Hidden]);
    await inProcess.get(AirlockService).run(() => inProcess.get(Hidden).send());
    expect([executor.jobs, sent]).toEqual([[], ['sent']]);
  });

  it('runs in this process, where that is an override without a decorator', async () => {
    @Injectable()
    class Quiet extends Mail {
      override async send(to: string): Promise<void> {
        await super.send(to.toLowerCase());
      }
    }
    const executor = engine();
    const app = await bootWith({ executor }, [Quiet]);
    await app.get(AirlockService).run(() => app.get(Quiet).send('ANN'));
    expect(sent).toEqual(['mail to ann']);
    expect(executor.jobs).toMatchObject([{ effect: 'mail.log', args: ['ann'] }]);
  });
});

describe('when a method is none that a worker could find', () => {
  const key = Symbol('key');
  @Injectable()
  class Odd {
    @SideEffect()
    static async both(): Promise<void> {
      sent.push('static');
    }
    @SideEffect()
    async both(): Promise<void> {
      sent.push('of the instance');
    }
    @SideEffect()
    async [key](): Promise<void> {
      sent.push('by symbol');
    }
  }

  it('runs in this process, be it static or under a symbol', async () => {
    const executor = engine();
    const app = await bootWith({ executor }, [Odd]);
    await app.get(AirlockService).run(async () => {
      await Odd.both();
      await app.get(Odd)[key]();
    });
    expect([executor.jobs, sent]).toEqual([[], ['static', 'by symbol']]);
  });
});

describe('when a minifier has renamed classes', () => {
  /** A class as a minifier leaves it, with an effect. */
  function renamed(name: string, options: SideEffectOptions<never[]> = {}): Provider {
    class Sender {
      @SideEffect(options)
      async send(): Promise<void> {}
    }
    Object.defineProperty(Sender, 'name', { value: name });
    return { provide: name, useClass: Sender };
  }
  const told = (): string[] => warn.mock.calls.map(([text]) => String(text));

  it('warns that another build may give the names to other classes', async () => {
    const named = renamed('t', { name: 'mail.receipt' });
    await bootWith({ executor: engine() }, [renamed('e'), renamed('xn'), named]);
    expect(told()).toEqual([
      expect.stringMatching(/stored for workers as e\.send, xn\.send: .* minifier/),
    ]);
  });

  it.each<[string, AirlockModuleOptions, Provider[]]>([
    ['nothing leaves the process', {}, [renamed('e')]],
    [
      'effects have names of their own',
      { executor: engine() },
      [renamed('e', { name: 'v1.mail' }), renamed('t', { name: 'v2.mail' })],
    ],
    ['one class has a short name', { executor: engine() }, [renamed('S3')]],
    ['other classes have kept theirs', { executor: engine() }, [renamed('Db'), Mail]],
  ])('says nothing where %s', async (_, options, providers) => {
    await bootWith(options, providers);
    expect(told()).toEqual([]);
  });
});

describe('when two providers are of one class', () => {
  class Sms {
    constructor(readonly from: string) {}
    @SideEffect()
    async text(): Promise<void> {}
    @SideEffect({ name: 'sms.call' })
    async call(): Promise<void> {}
  }
  const of = (token: string | symbol): Provider => ({
    provide: token,
    useFactory: () => new Sms(String(token)),
  });
  const warning =
    '`Sms` is provided twice, as `A` of `Feature` and as `Symbol(B)` of `Feature`, with the effects `Sms.text`, `sms.call`. ' +
    'A worker runs those of the first, whichever was called. If they differ, give one a class of its own; if not, ' +
    'provide it once and export it.';

  it.each<[string, AirlockModuleOptions]>([
    ['by default', { executor: engine() }],
    ['by name', { executors: { engine: engine() } }],
  ])(
    'warns once that a worker runs the effects of the first, where they can leave the process %s',
    async (_, options) => {
      await bootWith(options, [of('A'), of(Symbol('B')), { provide: 'ALIAS', useExisting: 'A' }]);
      expect(warn.mock.calls.map(([text]) => String(text))).toEqual([warning]);
    },
  );

  it('does so for a class of two modules', async () => {
    await bootWith({ executor: engine() }, [Mail], [Mail]);
    expect(warn.mock.calls.map(([text]) => String(text))).toEqual([
      expect.stringContaining('as `Mail` of `Feature` and as `Mail` of `Feature`'),
    ]);
  });

  it('says nothing where effects stay in the process, nor of a class that is provided once', async () => {
    await bootWith({}, [of('A'), of('B')]);
    await bootWith({ executor: engine() }, [Mail, { provide: 'mail', useExisting: Mail }]);
    expect(warn).not.toHaveBeenCalled();
  });
});

describe('when two effects carry one name', () => {
  it('refuses to boot and names both classes', async () => {
    @Injectable()
    class Other {
      @SideEffect({ name: 'mail.log' })
      async log(): Promise<void> {}
    }
    const error = await errorOf(() => boot(Mail, Other));
    expect(error).toBeInstanceOf(AirlockOptionsError);
    expect(error.message).toContain(
      'Two effects are named "mail.log": `Mail.log` and `Other.log`.',
    );
  });

  it('refuses to boot too where they are of one class', async () => {
    @Injectable()
    class Twice {
      @SideEffect({ name: 'x.y' })
      async first(): Promise<void> {}
      @SideEffect({ name: 'x.y' })
      async second(): Promise<void> {}
    }
    const error = await errorOf(() => boot(Twice));
    expect(error.message).toContain(
      'Two effects are named "x.y": `Twice.first` and `Twice.second`.',
    );
  });

  it('takes one class that several modules provide for one', async () => {
    const { worker } = await boot(
      Mail,
      { provide: 'mail', useExisting: Mail },
      { provide: 'again', useClass: Mail },
    );
    expect(worker.names).toEqual(['Mail.send', 'mail.log']);
  });

  it('lists it once', async () => {
    const app = await boot(Mail, { provide: 'mail', useExisting: Mail });
    expect(
      app
        .get(AirlockService)
        .explain()
        .effects.map(({ name }) => name),
    ).toEqual(['Mail.send', 'mail.log']);
  });
});

describe('when an effect asks who it is', () => {
  it('is told the id of its call, in this process, also in scopes it opens and after an await', async () => {
    const seen: unknown[] = [];
    const look = (): unknown => seen.push(currentEffect());
    await runInScope({ name: 'request' }, (scope) => {
      enqueue(async function outer() {
        look();
        await runInScope(async () => look());
        enqueue(function inner() {
          look();
        });
      });
      look();
      seen.push(scope.intents[0]!.id);
    });
    const outer = { id: seen[1], name: 'outer', origin: 'request' };
    expect(seen).toEqual([
      undefined,
      expect.any(String),
      outer,
      outer,
      expect.objectContaining({ name: 'inner' }),
    ]);
    expect(currentEffect()).toBeUndefined();
  });

  it('is told the same by a worker', async () => {
    const seen: unknown[] = [];
    @Injectable()
    class Curious {
      @SideEffect()
      async look(): Promise<void> {
        seen.push(currentEffect());
      }
    }
    const { worker } = await boot(Curious);
    await worker.run({ ...envelope('Curious.look'), origin: 'request' });
    expect(seen).toEqual([{ id: 'a:1', name: 'Curious.look', origin: 'request' }]);
  });
});
