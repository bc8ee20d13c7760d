import { Controller, Get, Injectable } from '@nestjs/common';
import { AsyncResource } from 'node:async_hooks';
import {
  AirlockOptionsError,
  AirlockService,
  AssertNoEffects,
  BlockTasks,
  EffectBuffer,
  type Intent,
  NoScopeError,
  runInScope,
  ScopeClosedError,
  SideEffect,
} from 'nestjs-airlock';
import {
  boot,
  checkAfterEach,
  delay,
  listen,
  Outbox,
  platforms,
} from '../../../e2e/http/fixtures.js';

const viaNamed: string[] = [];

@Injectable()
class Mail {
  constructor(readonly outbox: Outbox) {}

  @SideEffect()
  async send(to: string): Promise<void> {
    await Promise.resolve();
    this.outbox.sent.push(`mail to ${to}`);
  }
  @SideEffect()
  note(text: string): void {
    this.outbox.sent.push(text);
  }
  @SideEffect({ name: 'newsletter', dispatchOptions: { delay: 5 }, origin: 'marketing' })
  async news(): Promise<void> {
    await this.send('everybody');
  }
  @SideEffect({ dedupeKey: (order: number, reason: string) => `${order} ${reason}` })
  async remind(order: number, reason: string): Promise<void> {
    await Promise.resolve();
    this.outbox.sent.push(`remind ${order} of ${reason}`);
  }
  @SideEffect({ dedupeKey: 'once' })
  async once(n: number): Promise<void> {
    await Promise.resolve();
    this.outbox.sent.push(`once ${n}`);
  }
  @SideEffect({ on: 'failure' })
  async alarm(): Promise<void> {
    await Promise.resolve();
    this.outbox.sent.push('alarm');
  }
  @SideEffect({ on: 'always' })
  async audit(): Promise<void> {
    await Promise.resolve();
    this.outbox.sent.push('audit');
  }
  @SideEffect({ executor: 'named' })
  async viaNamed(n: number): Promise<void> {
    await Promise.resolve();
    this.outbox.sent.push(`unreached ${n}`);
  }
  @SideEffect({ policy: new BlockTasks(['Mail.blocked']) })
  async blocked(): Promise<void> {}
}

@Injectable()
class LoudMail extends Mail {
  // Effects of two classes need two names.
  @SideEffect({ name: 'loud newsletter' })
  override async news(): Promise<void> {}
}

const options = {
  executors: { named: ({ name, args }: Intent) => void viaNamed.push(`${name} ${args.join()}`) },
};

async function start() {
  const booted = await boot({ providers: [Mail, LoudMail] }, options);
  return { ...booted, mail: booted.app.get(Mail), airlock: booted.app.get(AirlockService) };
}

checkAfterEach();

describe('when a @SideEffect() method is called in a scope', () => {
  it('returns a resolved Promise, or nothing where it is declared void, and runs when the scope is flushed', async () => {
    const { mail, airlock, sent } = await start();
    await airlock.run(async () => {
      const promise = mail.send('you');
      expect(promise).toBeInstanceOf(Promise);
      expect(await promise).toBeUndefined();
      expect(mail.note('a note')).toBeUndefined();
      expect(sent).toEqual([]);
    });
    expect(sent).toEqual(['mail to you', 'a note']);
  });

  it('takes its instance and arguments along, named Class.method of the class it is called on', async () => {
    const { app, airlock, mail, sent } = await start();
    await airlock.run(async () => {
      await mail.send('a');
      await app.get(LoudMail).send('b');
      const intents = app.get(EffectBuffer).intents.map(({ name, args }) => [name, args]);
      expect(intents).toEqual([
        ['Mail.send', ['a']],
        ['LoudMail.send', ['b']],
      ]);
    });
    expect(sent).toEqual(['mail to a', 'mail to b']);
  });
});

describe('when a @SideEffect() has options', () => {
  it('is named, and hands dispatchOptions and origin on', async () => {
    const { app, mail, airlock, sent } = await start();
    await airlock.run(async () => {
      await mail.news();
      expect(app.get(EffectBuffer).intents[0]).toMatchObject({
        name: 'newsletter',
        origin: 'marketing',
        dispatchOptions: { delay: 5 },
      });
    });
    expect(sent).toEqual(['mail to everybody']);
  });

  it('collapses calls of one key, made of the arguments', async () => {
    const { mail, airlock, sent } = await start();
    await airlock.run(async () => {
      for (const [order, reason] of [
        [1, 'rent'],
        [1, 'rent'],
        [1, 'tax'],
        [2, 'rent'],
      ] as const) {
        await mail.remind(order, reason);
      }
    });
    expect(sent).toEqual(['remind 1 of rent', 'remind 1 of tax', 'remind 2 of rent']);
  });

  it('collapses calls of one fixed key to the first, per instance and per scope', async () => {
    const { app, mail, airlock, sent } = await start();
    for (const scope of [1, 2]) {
      await airlock.run(async () => {
        for (const n of [1, 2]) {
          await mail.once(10 * scope + n);
          await app.get(LoudMail).once(10 * scope + n + 100);
        }
      });
    }
    expect(sent).toEqual(['once 11', 'once 111', 'once 21', 'once 121']);
  });

  it('goes out on the outcome it names', async () => {
    const { mail, airlock, sent } = await start();
    const calls = async (): Promise<void> => {
      await mail.alarm();
      await mail.audit();
    };
    await airlock.run(calls);
    expect(sent).toEqual(['audit']);
    await airlock
      .run(() => calls().then(() => Promise.reject(new Error('failed'))))
      .catch(() => {});
    expect(sent).toEqual(['audit', 'alarm', 'audit']);
  });

  it('goes to the executor it names', async () => {
    viaNamed.length = 0;
    const { mail, airlock, sent } = await start();
    await airlock.run(() => mail.viaNamed(7));
    expect({ viaNamed, sent }).toEqual({ viaNamed: ['Mail.viaNamed 7'], sent: [] });
  });

  it('is narrowed by its own policy', async () => {
    const { mail, airlock, fate } = await start();
    await airlock.run(() => mail.blocked());
    expect((await fate()).dropped).toEqual(['Mail.blocked']);
  });
});

describe('when a @SideEffect() names an executor that is unknown', () => {
  class Pages {
    @SideEffect({ executor: 'pager' })
    async page(): Promise<void> {}
  }
  it('refuses to boot, naming class, method and the known executors', async () => {
    await expect(boot({ providers: [Pages] }, options)).rejects.toMatchObject({
      code: 'AIRLOCK_OPTIONS',
      key: 'executor',
      message: expect.stringMatching(
        /^Pages\.page: No executor is named "pager"\. Known executors: named, in-process\./,
      ) as string,
    });
  });
});

describe('when a @SideEffect() names a trigger that there is none of', () => {
  it.each([
    ['sometimes', '`sometimes` (string)'],
    [null, '`null`'],
  ])('refuses the very class, with the known ones: %p', (on, found) => {
    const define = () => {
      class Alarm {
        @SideEffect({ on: on as never })
        async ring(): Promise<void> {}
      }
      return Alarm;
    };
    expect(define).toThrow(AirlockOptionsError);
    expect(define).toThrow(
      `Expected \`on\` to be 'success' or 'failure' or 'always', got ${found}.`,
    );
  });
});

describe('when a @SideEffect() is given an empty name', () => {
  it('refuses the very class', () => {
    const define = () => {
      class Alarm {
        @SideEffect({ name: '' })
        async ring(): Promise<void> {}
      }
      return Alarm;
    };
    expect(define).toThrow(AirlockOptionsError);
    expect(define).toThrow('Expected `name` to be a non-empty string');
  });
});

describe('when a @SideEffect() method is called without its object', () => {
  const message = (name: string): string =>
    `\`${name}\` was called without its object, so its effect could not run on one. Call it as a method, or bind it first.`;

  it('refuses the call with the name of the method and the remedy, in a scope and outside', async () => {
    const { app, mail, airlock, sent } = await start();
    for (const key of ['send', 'note', 'remind'] as const) {
      const free: (...args: never[]) => unknown = mail[key];
      // Declared `void`, it throws; declared to return a Promise, it rejects.
      const call = key === 'note' ? async () => free() : () => free() as Promise<void>;
      const name = `Mail.${key}`;
      const refused = { code: 'AIRLOCK_OPTIONS', key: name, message: message(name) };
      await expect(call()).rejects.toBeInstanceOf(AirlockOptionsError);
      await expect(call()).rejects.toMatchObject(refused);
      await airlock.run(async () => {
        await expect(call()).rejects.toMatchObject(refused);
        expect(app.get(EffectBuffer).intents).toEqual([]);
      });
    }
    expect(sent).toEqual([]);
  });

  it('takes one that was bound before', async () => {
    const { mail, airlock, sent } = await start();
    const send = mail.send.bind(mail);
    await airlock.run(() => send('you'));
    expect(sent).toEqual(['mail to you']);
  });
});

describe('when a @SideEffect() method is called where nothing takes it', () => {
  it('refuses a call outside any scope, naming effect and remedy', async () => {
    const { mail, sent } = await start();
    await expect(mail.send('nobody')).rejects.toBeInstanceOf(NoScopeError);
    await expect(mail.send('nobody')).rejects.toMatchObject({
      code: 'AIRLOCK_NO_SCOPE',
      effect: 'Mail.send',
    });
    expect(() => mail.note('nobody')).toThrow(NoScopeError);
    expect(sent).toEqual([]);
  });

  it('logs a refusal that nobody listens to outside any scope', async () => {
    const { mail, log } = await start();
    void mail.send('nobody');
    await delay(1);
    expect(log.airlock('error')).toEqual([
      expect.stringContaining('Effect "Mail.send" was called outside a scope'),
    ]);
  });

  it('fails the scope where nobody listens to a refusal in it', async () => {
    const { mail, airlock, sent } = await start();
    const work = airlock.run({ policy: AssertNoEffects }, async () => {
      void mail.send('nobody');
      await delay(1);
    });
    await expect(work).rejects.toMatchObject({
      code: 'AIRLOCK_POLICY_VIOLATION',
      effect: 'Mail.send',
    });
    expect(sent).toEqual([]);
  });

  it('refuses a call after the end of its scope', async () => {
    const { app } = await boot({ providers: [Mail] }, { ...options, lateCalls: 'throw' });
    const mail = app.get(Mail);
    let late: () => Promise<void> = () => Promise.resolve();
    await app.get(AirlockService).run({ name: 'short job' }, async () => {
      await Promise.resolve();
      late = AsyncResource.bind(() => mail.send('nobody'));
    });
    await expect(late()).rejects.toBeInstanceOf(ScopeClosedError);
    await expect(late()).rejects.toMatchObject({ scope: 'short job', effect: 'Mail.send' });
  });

  it.each([
    ['dispatch', ['mail to stray']],
    ['drop', []],
    ['report', []],
  ] as const)("obeys outsideScope: '%s'", async (outsideScope, out) => {
    const { app, fate } = await boot({ providers: [Mail] }, { ...options, outsideScope });
    await app.get(Mail).send('stray');
    expect((await fate()).out).toEqual(out);
  });

  it('works on an object that no application owns, within runInScope', async () => {
    const mail = new Mail(new Outbox());
    await runInScope(() => mail.send('script'));
    expect(mail.outbox.sent).toEqual(['mail to script']);
  });
});

describe('when a controller itself has a @SideEffect() method', () => {
  @Controller()
  class Own {
    constructor(private readonly outbox: Outbox) {}
    @Get()
    async get() {
      await this.log('own');
      return this.outbox.sent.length;
    }
    @SideEffect()
    async log(text: string): Promise<void> {
      await Promise.resolve();
      this.outbox.sent.push(text);
    }
  }
  it('buffers calls of it', async () => {
    const server = await listen(platforms[0]![1], { controllers: [Own] });
    expect((await server.request('/')).body).toBe('0');
    expect(await server.fate()).toEqual({ out: ['own'], dropped: [] });
  });
});
