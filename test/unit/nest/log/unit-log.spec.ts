import { BadRequestException, ConsoleLogger, Injectable, Logger } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import {
  AirlockModule,
  type AirlockModuleOptions,
  AirlockService,
  BlockTasks,
  SideEffect,
} from 'nestjs-airlock';

@Injectable()
class MailService {
  @SideEffect()
  async sendReceipt(_secret: string): Promise<void> {}
  @SideEffect()
  async fail(): Promise<void> {
    throw new TypeError('no mail server');
  }
}

/** Writes down what is logged for Airlock, with its level. */
class Lines extends ConsoleLogger {
  readonly lines: string[] = [];

  private note(level: string, message: unknown, context: unknown): void {
    const text = String(message);
    if (context === 'Airlock' && !text.startsWith('boundaries: '))
      this.lines.push(`${level} ${text}`);
  }
  override log(message: unknown, ...rest: unknown[]): void {
    this.note('log', message, rest.at(-1));
  }
  override debug(message: unknown, ...rest: unknown[]): void {
    this.note('debug', message, rest.at(-1));
  }
  override warn(message: unknown, ...rest: unknown[]): void {
    this.note('warn', message, rest.at(-1));
  }
  override verbose(message: unknown, ...rest: unknown[]): void {
    this.note('verbose', message, rest.at(-1));
  }
  override error(message: unknown, ...rest: unknown[]): void {
    this.note('error', message, rest.at(-1));
  }
}

async function boot(options: AirlockModuleOptions = {}) {
  const logger = new Lines();
  const moduleRef = await Test.createTestingModule({
    imports: [AirlockModule.forRoot(options)],
    providers: [MailService],
  })
    .setLogger(logger)
    .compile();
  const app = await moduleRef.init();
  const [airlock, mail] = [app.get(AirlockService), app.get(MailService)];
  const run = async (name: string, work: () => unknown): Promise<void> => {
    await airlock.run({ name, onDispatchError: 'report' }, async () => work()).catch(() => {});
  };
  return { app, airlock, mail, run, lines: logger.lines };
}

describe('when a unit of work has dropped effects', () => {
  it('has one line, with the error it failed with and no argument', async () => {
    const { app, mail, run, lines } = await boot();
    await run('POST /orders', async () => {
      await mail.sendReceipt('a secret');
      await mail.sendReceipt('another');
      throw new BadRequestException();
    });
    await app.close();
    expect(lines).toEqual([
      'debug POST /orders → failed (BadRequestException): 2 effects dropped (outcome): MailService.sendReceipt ×2',
    ]);
  });

  it('names the policy that said no', async () => {
    const { app, mail, run, lines } = await boot({
      policy: new BlockTasks(['MailService.sendReceipt']),
    });
    await run('POST /orders', () => mail.sendReceipt('a secret'));
    await app.close();
    expect(lines).toEqual([
      'debug POST /orders → completed: 1 effect dropped (policy BlockTasks): MailService.sendReceipt',
    ]);
  });

  it('is logged at the level that is set, and not at all where that is false', async () => {
    const said: (readonly string[])[] = [];
    for (const drops of ['warn', false] as const) {
      const { app, mail, run, lines } = await boot({ log: { drops } });
      await run('job', async () => {
        await mail.sendReceipt('a secret');
        throw new Error('no');
      });
      await app.close();
      said.push(lines);
    }
    expect(said).toEqual([
      ['warn job → failed (Error): 1 effect dropped (outcome): MailService.sendReceipt'],
      [],
    ]);
  });

  it('makes no line that no logger shows', async () => {
    const { app, mail, run, lines } = await boot();
    Logger.overrideLogger(['error']);
    try {
      await run('job', async () => {
        await mail.sendReceipt('a secret');
        throw new Error('no');
      });
    } finally {
      Logger.overrideLogger(['log', 'error', 'warn', 'debug', 'verbose', 'fatal']);
      await app.close();
    }
    expect(lines).toEqual([]);
  });
});

describe('when effects fail', () => {
  it('logs the error once, at the level of failures', async () => {
    const { app, mail, run, lines } = await boot({ log: { failures: 'warn' } });
    await run('job', () => mail.fail());
    await app.close();
    expect(lines).toEqual([expect.stringMatching(/^warn .*MailService\.fail/s)]);
  });
});

describe('when nothing is dropped', () => {
  it('logs nothing', async () => {
    const { app, mail, run, lines } = await boot();
    await run('job', () => mail.sendReceipt('a secret'));
    await app.close();
    expect(lines).toEqual([]);
  });

  it('tells of dispatches and scopes where that is asked for', async () => {
    const { app, mail, run, lines } = await boot({ log: { dispatches: 'log', scopes: 'verbose' } });
    await run('job', () => mail.sendReceipt('a secret'));
    await run('idle', () => {});
    await app.close();
    expect(lines).toEqual([
      'log job → completed: 1 effect dispatched: MailService.sendReceipt',
      'verbose idle → completed: no effects',
    ]);
  });
});

describe('when `log` is wrong', () => {
  it.each([
    [{ drops: 'loud' }, /log\.drops/],
    [{ dropped: 'debug' }, /Unknown option `log\.dropped`/],
    ['debug', /`log`/],
  ])('refuses %j at boot', (log, message) => {
    expect(() => AirlockModule.forRoot({ log: log as never })).toThrow(message);
  });
});
