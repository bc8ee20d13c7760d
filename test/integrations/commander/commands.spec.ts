import { ConsoleLogger, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import {
  Command,
  CommandRunner,
  InquirerService,
  Option,
  Question,
  QuestionSet,
  RootCommand,
  SubCommand,
} from 'nest-commander';
import { currentScope, EffectBuffer, SideEffect, SkipAirlock } from 'nestjs-airlock';
import { checkAfterEach } from '../../e2e/http/fixtures.js';
import { run } from './cli.js';

/** What happened, in order. */
let happened: string[] = [];

@Injectable()
class Mail implements OnApplicationShutdown {
  @SideEffect()
  async send(text: string): Promise<void> {
    happened.push(`mail: ${text}`);
  }
  @SideEffect({ on: 'failure' })
  async alarm(): Promise<void> {
    happened.push('alarm');
  }
  onApplicationShutdown(): void {
    happened.push('closed');
  }
}

@SubCommand({ name: 'tables', arguments: '<names...>' })
class TablesCommand extends CommandRunner {
  constructor(private readonly mail: Mail) {
    super();
  }
  async run(names: string[], options: { depth?: number }): Promise<void> {
    happened.push(`${currentScope()!.name}: ${names.join('+')} ${JSON.stringify(options)}`);
    await this.mail.send('tables done');
  }
  @Option({ flags: '-d, --depth <levels>' })
  depth(levels: string): number {
    return Number(levels);
  }
}

@SubCommand({ name: 'database', aliases: ['db'], subCommands: [TablesCommand] })
class DatabaseCommand extends CommandRunner {
  constructor(private readonly mail: Mail) {
    super();
  }
  async run(): Promise<void> {
    await this.mail.send('database done');
  }
}

@Command({ name: 'backup', subCommands: [DatabaseCommand] })
class BackupCommand extends CommandRunner {
  constructor(private readonly mail: Mail) {
    super();
  }
  async run(_args: string[], { fail }: { fail?: boolean }): Promise<void> {
    await this.mail.send('backup done');
    await this.mail.alarm();
    if (fail) throw new Error('the disk is full');
    happened.push('ran');
  }
  @Option({ flags: '--fail' })
  fail(): boolean {
    return true;
  }
}

@RootCommand({ arguments: '[name]' })
class GreetCommand extends CommandRunner {
  constructor(private readonly mail: Mail) {
    super();
  }
  async run([name]: string[]): Promise<void> {
    await this.mail.send(`hello ${name}`);
  }
}

@QuestionSet({ name: 'order' })
class OrderQuestions {
  @Question({ name: 'colour', message: 'Which colour?' })
  colour(answer: string): string {
    return answer.toUpperCase();
  }
}

@Command({ name: 'order' })
class OrderCommand extends CommandRunner {
  constructor(
    private readonly inquirer: InquirerService,
    private readonly mail: Mail,
    readonly questions: OrderQuestions,
  ) {
    super();
  }
  async run(_args: string[], options: object): Promise<void> {
    const { colour } = await this.inquirer.ask<{ colour: string }>('order', options);
    happened.push(`asked of ${Object.keys(this.questions).length}`);
    await this.mail.send(colour);
  }
}

@Command({ name: 'broken' })
class BrokenCommand extends CommandRunner {
  constructor(private readonly effects: EffectBuffer) {
    super();
  }
  async run(): Promise<void> {
    this.effects.enqueue(function page() {
      throw new Error('the line is dead');
    });
  }
}

@Command({ name: 'skipped' })
@SkipAirlock()
class SkippedCommand extends CommandRunner {
  constructor(private readonly mail: Mail) {
    super();
  }
  async run(): Promise<void> {
    await this.mail.send('never');
  }
}

@Command({ name: 'early' })
class EarlyCommand extends CommandRunner {
  constructor(private readonly mail: Mail) {
    super();
  }
  async run(): Promise<void> {
    happened.push('ran');
  }
  @Option({ flags: '--to <address>' })
  to(address: string): string {
    void this.mail.send(address);
    return address;
  }
}

const backup = { providers: [Mail, BackupCommand, DatabaseCommand, TablesCommand] };

checkAfterEach();
beforeEach(() => void (happened = []));

describe('when a program runs a command', () => {
  it('lets its effects out at the end of the command, before the application is closed', async () => {
    expect(await run(backup, 'backup')).toEqual({ stdout: '', stderr: '', exitCode: undefined });
    expect(happened).toEqual(['ran', 'mail: backup done', 'closed']);
  });

  it('hands arguments and options to commands within commands', async () => {
    await run(backup, 'backup', 'db', 'tables', 'users', 'orders', '--depth', '3');
    expect(happened).toEqual([
      'TablesCommand.run: users+orders {"depth":3}',
      'mail: tables done',
      'closed',
    ]);
  });

  it('covers the root command', async () => {
    await run({ providers: [Mail, GreetCommand] }, 'Ada');
    expect(happened).toEqual(['mail: hello Ada', 'closed']);
  });
});

describe('when a command throws', () => {
  it('drops its effects, and shows the error as it does without a boundary', async () => {
    const shown = await run(backup, 'backup', '--fail');
    expect(happened).toEqual(['alarm', 'closed']);
    expect(shown).toEqual({ stdout: '', stderr: 'Error: the disk is full', exitCode: undefined });
    const airlock = { boundaries: { commander: false }, outsideScope: 'drop' } as const;
    expect(await run({ ...backup, airlock }, 'backup', '--fail')).toEqual(shown);
  });
});

describe('when an effect of a command fails', () => {
  const broken = { providers: [Mail, BrokenCommand] };

  it('is reported to the logger', async () => {
    const logger = new ConsoleLogger({ logLevels: ['error'], colors: false });
    const { stderr } = await run({ ...broken, factory: { logger } }, 'broken');
    expect(stderr).toMatch(/Airlock[^]*"BrokenCommand\.run"[^]*page \(Error: the line is dead\)/);
  });

  it("is the command's error under onDispatchError: 'throw'", async () => {
    const { stderr } = await run({ ...broken, airlock: { onDispatchError: 'throw' } }, 'broken');
    expect(stderr).toMatch(/^DispatchError: [^]*page \(Error: the line is dead\)/);
  });
});

describe('when an effect is called outside `run` of a command that is covered', () => {
  it('shows which effect had no scope: in a command that is skipped', async () => {
    const { stderr } = await run({ providers: [Mail, SkippedCommand] }, 'skipped');
    expect(stderr).toMatch(/^NoScopeError: .*Mail\.send/);
    expect(happened).toEqual(['closed']);
  });

  it('logs which effect had no scope where nobody awaits it, as in the parser of an option', async () => {
    const logger = new ConsoleLogger({ logLevels: ['error'], colors: false });
    const { stderr } = await run(
      { providers: [Mail, EarlyCommand], factory: { logger } },
      ...['early', '--to', 'ada@example.com'],
    );
    expect(stderr).toMatch(/Effect "Mail\.send" was called outside a scope/);
    expect(happened).toEqual(['ran', 'closed']);
  });
});

describe('when --dry-run is given', () => {
  it.each([
    ['to the innermost command', ['backup', 'database', 'tables', 'users', '--dry-run']],
    ['to a command around it', ['backup', '--dry-run', 'database', 'tables', 'users']],
  ])('holds for the command that runs: %s', async (_where, argv) => {
    const { stdout } = await run(backup, ...argv);
    expect(happened).toEqual(['TablesCommand.run: users {}', 'closed']);
    expect(stdout).toMatch(
      /^\[dry run\] Mail\.send from TablesCommand\.run \(.+\)\nDry run of TablesCommand\.run: 1 effect /,
    );
  });

  it('holds for the root command', async () => {
    const { stdout } = await run({ providers: [Mail, GreetCommand] }, 'Ada', '--dry-run');
    expect(happened).toEqual(['closed']);
    expect(stdout).toContain('Mail.send from GreetCommand.run');
  });

  it('shows what would have got out of a command that throws, and its error', async () => {
    const { stdout, stderr } = await run(backup, 'backup', '--fail', '--dry-run');
    expect(happened).toEqual(['closed']);
    expect(stdout).toMatch(
      /^\[dry run\] Mail\.alarm from BackupCommand\.run \(.+\)\nDry run of .*: 1 effect would have got out, 0 /,
    );
    expect(stderr).toBe('Error: the disk is full');
  });

  it('is in the help of each command', async () => {
    const exit = jest.spyOn(process, 'exit').mockImplementation((() => {
      throw new Error('exit');
    }) as never);
    const { stdout } = await run(backup, 'backup', '--help').finally(() => exit.mockRestore());
    expect(stdout).toMatch(/--dry-run +let no effect out; print those that would have got out/);
  });
});

describe('when a command asks questions', () => {
  const order = { providers: [Mail, OrderCommand, OrderQuestions], typed: 'green\n' };

  it('leaves the questions alone, and has its scope after the answers', async () => {
    const { stdout } = await run(order, 'order');
    expect(stdout).toContain('Which colour?');
    expect(happened).toEqual(['asked of 0', 'mail: GREEN', 'closed']);
  });

  it('asks them in a dry run too', async () => {
    const { stdout } = await run(order, 'order', '--dry-run');
    expect(happened).toEqual(['asked of 0', 'closed']);
    expect(stdout).toMatch(/Which colour\?[^]*\[dry run\] Mail\.send from OrderCommand\.run/);
  });
});
