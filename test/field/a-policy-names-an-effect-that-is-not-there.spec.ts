// oxlint-disable typescript/unbound-method -- an effect is named by its method.
import { Controller, Get, Inject, Injectable } from '@nestjs/common';
import {
  Airlock,
  AirlockService,
  AllowOnly,
  BlockTasks,
  DropAll,
  EffectBuffer,
  type EffectRef,
  type Policy,
  SideEffect,
  UseAirlockPolicy,
} from 'nestjs-airlock';
import { boot, checkAfterEach, listen, platforms } from '../e2e/http/fixtures.js';

const [, express] = platforms[0]!;

checkAfterEach();

@Injectable()
class MailService {
  readonly http = Object.assign(() => {}, { post: () => {} });

  @SideEffect()
  async sendReceipt(): Promise<void> {}

  @SideEffect({ name: 'mail.letter' })
  async sendLetter(): Promise<void> {}

  /** No effect by itself; `defer` makes it one. */
  async archive(): Promise<void> {}
}

const warningsOf = async (policy: Policy): Promise<readonly string[]> => {
  const { log } = await boot(
    { providers: [MailService, { provide: 'SMTP', useValue: { send() {} } }] },
    { policy },
  );
  return log.airlock('warn');
};

describe('when a policy names an effect that nothing carries', () => {
  it.each([
    ['a typing error', 'MailService.sendReciept', 'MailService.sendReceipt'],
    ['a class that was renamed', 'Mailer.sendReceipt', 'MailService.sendReceipt'],
    ['a name of its own', 'mail.leter', 'mail.letter'],
  ])('warns once at boot with the nearest name: %s', async (_, name, nearest) => {
    expect(await warningsOf(new BlockTasks(['MailService.sendLetter', name, name]))).toEqual([
      `BlockTasks on \`policy\` of AirlockModule names the effect "${name}", which no \`@SideEffect()\` method, intercepted method or ` +
        `method of a provider goes by, so it means none of them. The nearest name is "${nearest}". ` +
        'Fix the name, or pass the method or function itself, as `MailService.prototype.sendReceipt`.',
    ]);
  });

  it('names no nearest where nothing is alike, and tells what to do for a function that is enqueued', async () => {
    const [warning] = await warningsOf(new BlockTasks(['notifyWarehouse']));
    expect(warning).not.toContain('The nearest name');
    expect(warning).toContain('pass the function itself');
  });

  it('says nothing of names that somebody carries, nor of references', async () => {
    const known = [
      'MailService.sendReceipt',
      'mail.letter',
      'MailService.sendLetter',
      'MailService.archive',
      'SMTP.send',
      'MailService.http.post',
      'EffectBuffer.enqueue',
    ];
    expect(
      await warningsOf(new AllowOnly([...known, MailService.prototype.archive, () => {}])),
    ).toEqual([]);
  });

  it('says so in each place where a name stands', async () => {
    @Controller()
    class Orders {
      @Get('a')
      @UseAirlockPolicy(new BlockTasks(['MailService.sendReciept']))
      a(): void {}
      @Get('b')
      @UseAirlockPolicy(new BlockTasks(['MailService.sendReciept']))
      b(): void {}
    }
    const { log } = await boot({ controllers: [Orders], providers: [MailService] });
    expect(log.airlock('warn')).toEqual([
      expect.stringContaining('on Orders.a names'),
      expect.stringContaining('on Orders.b names'),
    ]);
  });

  it('says where it stands: a class, a method, an effect, a kind of entry point', async () => {
    @Controller()
    @UseAirlockPolicy(new BlockTasks(['Nobody.a']))
    class Orders {
      @Get()
      @UseAirlockPolicy(new BlockTasks(['Nobody.b']))
      place() {}
    }
    @Injectable()
    class Jobs {
      @Airlock(new BlockTasks(['Nobody.c']))
      async run(): Promise<void> {}
      @SideEffect({ policy: new BlockTasks(['Nobody.d']) })
      async notify(): Promise<void> {}
    }
    const { log } = await boot(
      { controllers: [Orders], providers: [Jobs] },
      { boundaries: { http: { policy: new BlockTasks(['Nobody.e']) } } },
    );
    expect(
      log.airlock('warn').map((line) => /on (.*) names the effect "(.*?)"/.exec(line)?.slice(1)),
    ).toEqual([
      ['`boundaries.http.policy` of AirlockModule', 'Nobody.e'],
      ['Jobs.run', 'Nobody.c'],
      ['Jobs.notify', 'Nobody.d'],
      ['Orders', 'Nobody.a'],
      ['Orders.place', 'Nobody.b'],
    ]);
  });

  it('reads the list of a policy of your own as well, and leaves other properties of that name alone', async () => {
    class Muted implements Policy {
      constructor(readonly namedEffects: Iterable<EffectRef>) {}
    }
    const warnings = await warningsOf(new Muted(new Set(['Nobody.a'])));
    expect(warnings).toEqual([
      expect.stringContaining('Muted on `policy` of AirlockModule names the effect "Nobody.a"'),
    ]);
    expect(await warningsOf({ namedEffects: 'Nobody.a' } as unknown as Policy)).toEqual([]);
    expect(await warningsOf({ namedEffects: 7 } as unknown as Policy)).toEqual([]);
  });

  it('warns at the first use where the policy is made at run time, and only then', async () => {
    const { app, log } = await boot({ providers: [MailService] });
    expect(log.airlock('warn')).toEqual([]);
    for (let i = 0; i < 3; i++) {
      await app.get(AirlockService).run(() => {
        app
          .get(EffectBuffer)
          .withPolicy(new BlockTasks(['MailService.sendReciept', 'MailService.archive']), () => {});
      });
    }
    expect(log.airlock('warn')).toEqual([
      expect.stringContaining(
        'BlockTasks that is used at run time names the effect "MailService.sendReciept"',
      ),
    ]);
  });
});

describe('when a policy blocks an effect by reference', () => {
  const out: string[] = [];
  beforeEach(() => void (out.length = 0));

  @Injectable()
  class Mailer {
    async welcome(): Promise<void> {
      out.push('nobody');
    }
  }
  @Injectable()
  class SesMailer extends Mailer {
    @SideEffect()
    override async welcome(): Promise<void> {
      out.push('ses');
    }
    @SideEffect()
    async bounce(): Promise<void> {
      out.push('bounce');
    }
  }
  /** Has the shape of the token without extending it. */
  @Injectable()
  class SmtpMailer implements Mailer {
    @SideEffect()
    async welcome(): Promise<void> {
      out.push('smtp');
    }
  }
  function plain(): void {
    out.push('plain');
  }

  async function run(provider: new () => Mailer, policy: Policy): Promise<void> {
    const { app, log } = await boot(
      { providers: [{ provide: Mailer, useClass: provider }] },
      { policy },
    );
    await app.get(AirlockService).run(async () => {
      const mailer = app.get(Mailer);
      await mailer.welcome();
      app.get(EffectBuffer).defer(mailer).welcome();
      if (mailer instanceof SesMailer) await mailer.bounce();
      app.get(EffectBuffer).enqueue(plain);
    });
    expect(log.airlock('warn')).toEqual([]);
  }

  it.each<[string, EffectRef]>([
    ['the method', SesMailer.prototype.welcome],
    ['the method of the base class that it overrides', Mailer.prototype.welcome],
    ['the name', 'SesMailer.welcome'],
    ['the name by the token', 'Mailer.welcome'],
  ])('blocks what overrides it, by %s', async (_, ref) => {
    await run(SesMailer, new BlockTasks([ref]));
    expect(out).toEqual(['bounce', 'plain']);
  });

  it.each<[string, EffectRef]>([
    ['the method of the token', Mailer.prototype.welcome],
    ['the name by the token', 'Mailer.welcome'],
  ])('blocks what stands for an abstract token without extending it, by %s', async (_, ref) => {
    await run(SmtpMailer, new BlockTasks([ref]));
    expect(out).toEqual(['plain']);
  });

  it('lets nothing else out under AllowOnly', async () => {
    await run(SesMailer, new AllowOnly([Mailer.prototype.welcome, plain]));
    expect(out).toEqual(['ses', 'ses', 'plain']);
  });

  it('tells two classes apart that a minifier gave the same name', async () => {
    @Injectable()
    class Other {
      @SideEffect()
      async welcome(): Promise<void> {
        out.push('other');
      }
    }
    @Injectable()
    class Mails {
      @SideEffect({ name: 'a.mail' })
      async welcome(): Promise<void> {
        out.push('mail');
      }
    }
    for (const type of [Other, Mails]) Object.defineProperty(type, 'name', { value: 'a' });
    const { app } = await boot(
      { providers: [Other, Mails] },
      { policy: new BlockTasks([Mails.prototype.welcome]) },
    );
    await app.get(AirlockService).run(async () => {
      await app.get(Other).welcome();
      await app.get(Mails).welcome();
    });
    expect(out).toEqual(['other']);
  });

  it('refuses a method that is not there, as an abstract one is not', () => {
    abstract class Abstract {
      abstract send(): Promise<void>;
    }
    expect(() => new BlockTasks([Abstract.prototype.send])).toThrow(
      'it is `abstract`, which leaves nothing at run time',
    );
  });
});

describe('when a provider that is made per request has an effect', () => {
  it('is found by token and base class', async () => {
    abstract class Mailer {
      abstract welcome(): Promise<void>;
    }
    const sent: string[] = [];
    @Injectable({ scope: 2 })
    class RequestMailer {
      @SideEffect()
      async welcome(): Promise<void> {
        sent.push('welcome');
      }
    }
    @Controller()
    class Orders {
      constructor(@Inject(Mailer) private readonly mailer: Mailer) {}
      @Get()
      @UseAirlockPolicy(new BlockTasks(['Mailer.welcome']))
      async blocked() {
        await this.mailer.welcome();
      }
      @Get('open')
      async open() {
        await this.mailer.welcome();
      }
    }
    const server = await listen(express, {
      controllers: [Orders],
      providers: [{ provide: Mailer, useClass: RequestMailer, scope: 2 }],
    });
    await server.request('/');
    await server.request('/open');
    await server.fate();
    expect(sent).toEqual(['welcome']);
    expect(server.log.airlock('warn')).toEqual([]);
  });

  it('has nothing to say under DropAll', async () => {
    expect(await warningsOf(new DropAll())).toEqual([]);
  });
});
