import { Injectable } from '@nestjs/common';
import { Command, CommandFactory, CommandRunner, Option, SubCommand } from 'nest-commander';
import {
  type AirlockModuleOptions,
  AirlockModule,
  BlockTasks,
  currentScope,
  SideEffect,
  SkipAirlock,
  UseAirlockPolicy,
} from 'nestjs-airlock';
import { checkAfterEach, Effects, fateOf, moduleOf, recorded } from '../../../e2e/http/fixtures.js';

const runs: { scope: string | undefined; options: unknown; args: readonly string[] }[] = [];
const sent: string[] = [];

@Injectable()
class Mail {
  @SideEffect()
  async send(to: string): Promise<void> {
    sent.push(to);
    await Promise.resolve();
  }
  @SideEffect({ on: 'failure' })
  async alarm(): Promise<void> {
    sent.push('alarm');
    await Promise.resolve();
  }
}

function note(args: readonly string[], options: unknown): void {
  runs.push({ scope: currentScope()?.name, options, args });
}

@SubCommand({ name: 'again' })
class AgainCommand extends CommandRunner {
  constructor(private readonly mail: Mail) {
    super();
  }
  async run(args: string[], options: unknown): Promise<void> {
    note(args, options);
    await this.mail.send('again');
  }
}

@Command({ name: 'send', subCommands: [AgainCommand] })
@UseAirlockPolicy(new BlockTasks(['blocked']))
class SendCommand extends CommandRunner {
  constructor(
    private readonly mail: Mail,
    private readonly effects: Effects,
  ) {
    super();
  }
  async run(args: string[], options: { fail?: boolean }): Promise<void> {
    note(args, options);
    await this.mail.send('customer@example.com');
    await this.mail.alarm();
    this.effects.one('blocked');
    this.effects.one('blocked by application');
    if (options.fail) throw new Error('cannot send');
  }
  @Option({ flags: '-f, --fail' })
  fail(): boolean {
    return true;
  }
}

@Command({ name: 'own' })
class OwnCommand extends CommandRunner {
  constructor(private readonly mail: Mail) {
    super();
  }
  async run(args: string[], options: unknown): Promise<void> {
    note(args, options);
    await this.mail.send('own');
  }
  @Option({ flags: '-n, --dry-run', description: 'of its own' })
  dry(): boolean {
    return true;
  }
}

@Command({ name: 'skipped', allowUnknownOptions: true })
@SkipAirlock()
class SkippedCommand extends CommandRunner {
  async run(args: string[], options: unknown): Promise<void> {
    note(args, options);
    await Promise.resolve();
  }
}

let stdout = '';
const errors: string[] = [];

async function run(...argv: string[]) {
  return runWith({}, ...argv);
}

async function runWith(options: AirlockModuleOptions, ...argv: string[]) {
  const imports = [
    AirlockModule.forRoot({ policy: new BlockTasks(['blocked by application']), ...options }),
  ];
  const providers = [Mail, SendCommand, AgainCommand, OwnCommand, SkippedCommand];
  const before = process.argv;
  const write = jest
    .spyOn(process.stdout, 'write')
    .mockImplementation((text) => ((stdout += String(text)), true));
  try {
    process.argv = ['node', 'cli', ...argv];
    const app = await CommandFactory.createWithoutRunning(moduleOf({ imports, providers }), {
      serviceErrorHandler: ({ message }) => void errors.push(message),
    });
    recorded(app);
    await CommandFactory.runApplication(app);
    await app.close();
    return fateOf(app);
  } finally {
    process.argv = before;
    write.mockRestore();
  }
}

beforeEach(() => {
  for (const list of [runs, sent, errors]) list.length = 0;
  stdout = '';
});
checkAfterEach();

describe('when a command runs', () => {
  it('is a scope, whose effects get out at the end', async () => {
    const { dropped } = await run('send', 'now');
    expect(runs).toEqual([{ scope: 'SendCommand.run', options: {}, args: ['now'] }]);
    expect(sent).toEqual(['customer@example.com']);
    expect(dropped).toEqual(['Mail.alarm', 'blocked', 'blocked by application']);
    expect(stdout).toBe('');
  });

  it('drops them where it fails, and the error is the same', async () => {
    await run('send', '--fail');
    expect(errors).toEqual(['cannot send']);
    expect(sent).toEqual(['alarm']);
  });

  it('covers subcommands', async () => {
    await run('send', 'again');
    expect(runs).toEqual([{ scope: 'AgainCommand.run', options: {}, args: [] }]);
    expect(sent).toEqual(['again']);
  });

  it('opens no scope where the boundary is off or the class is skipped', async () => {
    await run('skipped');
    await runWith({ boundaries: { commander: false }, outsideScope: 'dispatch' }, 'send');
    expect(runs.map(({ scope }) => scope)).toEqual([undefined, undefined]);
  });
});

const id = String.raw`\([\w-]+:\d+\)`;

describe('when it is given --dry-run', () => {
  it('lets nothing out, and prints what would have got out and what policies would have dropped', async () => {
    await run('send', '--dry-run', 'now');
    expect(sent).toEqual([]);
    expect(runs).toEqual([{ scope: 'SendCommand.run', options: {}, args: ['now'] }]);
    const [out, byClass, byApplication, summary, ...rest] = stdout.split('\n');
    expect(out).toMatch(new RegExp(`^\\[dry run\\] Mail.send from SendCommand.run ${id}$`));
    expect(byClass).toMatch(
      new RegExp(`^\\[dry run\\] blocked from SendCommand.run ${id}, dropped by BlockTasks$`),
    );
    expect(byApplication).toMatch(/^\[dry run\] blocked by application .*, dropped by BlockTasks$/);
    expect(summary).toBe(
      'Dry run of SendCommand.run: 1 effect would have got out, 2 effects would have been dropped by policies.',
    );
    expect(rest).toEqual(['']);
  });

  it('never prints arguments', async () => {
    await run('send', '--dry-run');
    expect(stdout).not.toContain('customer@example.com');
  });

  it('prints those for failure where it fails, and the error is the same', async () => {
    await run('send', '--dry-run', '--fail');
    expect(errors).toEqual(['cannot send']);
    expect(sent).toEqual([]);
    expect(stdout).toContain('[dry run] Mail.alarm from SendCommand.run');
    expect(stdout).not.toContain('Mail.send');
  });

  it.each([['before'], ['after']])(
    'holds for a subcommand with the flag %s its name',
    async (where) => {
      await run('send', ...(where === 'before' ? ['--dry-run', 'again'] : ['again', '--dry-run']));
      expect(runs).toEqual([{ scope: 'AgainCommand.run', options: {}, args: [] }]);
      expect(sent).toEqual([]);
      expect(stdout).toContain('Mail.send from AgainCommand.run');
    },
  );

  it('means the same for a command with such an option of its own, which gets it as well', async () => {
    await run('own', '-n');
    expect(runs).toEqual([{ scope: 'OwnCommand.run', options: { dryRun: true }, args: [] }]);
    expect(sent).toEqual([]);
    expect(stdout).toContain('Mail.send from OwnCommand.run');
  });

  it('is not known to a command that is skipped', async () => {
    await run('skipped', '--dry-run');
    expect(runs[0]!.args).toEqual(['--dry-run']);
    expect(stdout).toBe('');
  });
});
