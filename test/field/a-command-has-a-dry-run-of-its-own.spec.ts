import type { Type } from '@nestjs/common';
import {
  Command,
  CommandFactory,
  CommandRunner,
  Option,
  RootCommand,
  SubCommand,
} from 'nest-commander';
import { CommandRunnerService } from 'nest-commander/src/command-runner.service.js';
import { AirlockModule, EffectBuffer, SkipAirlock } from 'nestjs-airlock';
import { checkAfterEach, moduleOf } from '../e2e/http/fixtures.js';
import { type Cli, run } from '../integrations/commander/cli.js';

let runs: { command: string; args: readonly string[]; options: unknown }[] = [];
let out: string[] = [];

abstract class Recorded extends CommandRunner {
  async run(args: string[], options?: object): Promise<void> {
    runs.push({ command: this.constructor.name, args, options: { ...options } });
    await Promise.resolve();
  }
}

/** A command with one option of its own, which its parser gives the value it was given. */
function commandWith(option: Parameters<typeof Option>[0]): Type {
  @Command({ name: 'clean', arguments: '[path]' })
  class CleanCommand extends Recorded {
    @Option(option)
    parse(value: string): string {
      return value;
    }
  }
  return CleanCommand;
}

@Command({ name: 'wrap', allowUnknownOptions: true, allowExcessArgs: true })
class WrapperCommand extends Recorded {}

@SubCommand({ name: 'exec', allowUnknownOptions: true })
class ExecCommand extends Recorded {}

@SubCommand({ name: 'migrate' })
class MigrateCommand extends Recorded {
  @Option({ flags: '--dry-run' })
  dry(): boolean {
    return true;
  }
}

@SubCommand({ name: 'plain' })
@SkipAirlock()
class SkippedCommand extends Recorded {}

@Command({ name: 'db', subCommands: [MigrateCommand, ExecCommand] })
class DatabaseCommand extends Recorded {}

@Command({ name: 'tool', subCommands: [SkippedCommand] })
class ToolCommand extends Recorded {}

@RootCommand({ subCommands: [MigrateCommand] })
class ProgramCommand extends Recorded {}

/** Declares its option by hand. */
@Command({ name: 'byhand' })
class ByHandCommand extends Recorded {
  override setCommand(line: Parameters<CommandRunner['setCommand']>[0]): this {
    line.option('--no-dry-run', 'delete for good');
    return super.setCommand(line);
  }
}

async function shown(cli: Cli, argv: readonly string[]) {
  runs = [];
  const exit = jest.spyOn(process, 'exit').mockImplementation((code) => {
    throw new Error(`exit ${code}`);
  });
  try {
    const { stderr } = await run(cli, ...argv);
    return { runs, stderr };
  } finally {
    exit.mockRestore();
  }
}

checkAfterEach();
beforeEach(() => void (out = []));

describe('when a command has an option of its own that commander names dryRun', () => {
  it.each([
    ['--no-dry-run', []],
    ['--no-dry-run', ['--no-dry-run']],
    ['--dryRun', []],
    ['--dryRun', ['--dryRun']],
    ['--no-dryRun', []],
    ['--no-dryRun', ['--no-dryRun']],
    ['-d, --dry-run', ['-d']],
    ['--dry-run <mode>', ['--dry-run', 'server']],
    ['--dry-run [mode]', ['--dry-run=none']],
  ])('gives it what was typed: %s, given %j', async (flags, argv) => {
    const providers = [commandWith({ flags })];
    const without = await shown({ providers, airlock: false }, ['clean', ...argv]);
    expect(without.runs).toHaveLength(1);
    expect(await shown({ providers }, ['clean', ...argv])).toEqual(without);
  });

  it.each([
    [
      'a choice',
      { flags: '--dry-run <mode>', choices: ['client', 'server'], defaultValue: 'client' },
    ],
    ['one that is required', { flags: '--dry-run <mode>', required: true }],
    ['one under another name', { flags: '--no-dry-run', name: 'preview' }],
  ])('hands over what it would without Airlock: %s', async (_what, option) => {
    const providers = [commandWith(option)];
    for (const argv of [['clean'], ['clean', '--dry-run', 'server'], ['clean', '--no-dry-run']]) {
      const of = async (cli: Cli) => shown(cli, argv).catch((error: Error) => error.message);
      expect(await of({ providers })).toEqual(await of({ providers, airlock: false }));
    }
  });

  it('reads it from the environment as it would', async () => {
    const providers = [commandWith({ flags: '--dry-run <mode>', env: 'CLEAN_DRY_RUN' })];
    process.env['CLEAN_DRY_RUN'] = 'server';
    try {
      const { runs: made } = await shown({ providers }, ['clean']);
      expect(made).toEqual([{ command: 'CleanCommand', args: [], options: { dryRun: 'server' } }]);
    } finally {
      delete process.env['CLEAN_DRY_RUN'];
    }
  });

  it('finds one that is declared by hand', async () => {
    const { runs: made } = await shown({ providers: [ByHandCommand] }, ['byhand']);
    const without = await shown({ providers: [ByHandCommand], airlock: false }, ['byhand']);
    expect(made).toEqual(without.runs);
  });

  it.each([
    ['--dry-run', ['--dry-run'], false],
    ['--no-dry-run', [], false],
    ['--no-dry-run', ['--no-dry-run'], true],
    ['--dry-run <mode>', ['--dry-run', 'server'], false],
    ['--dry-run <mode>', ['--dry-run', 'none'], true],
    ['--dry-run [mode]', ['--dry-run', 'false'], true],
  ])('holds effects back as it says: %s, given %j', async (flags, argv, isOut) => {
    @Command({ name: 'send' })
    class SendCommand extends CommandRunner {
      constructor(private readonly effects: EffectBuffer) {
        super();
      }
      async run(): Promise<void> {
        this.effects.enqueue(function mail() {
          out.push('mail');
        });
      }
      @Option({ flags })
      parse(value: string): string {
        return value;
      }
    }
    await run({ providers: [SendCommand] }, 'send', ...argv);
    expect(out).toEqual(isOut ? ['mail'] : []);
  });
});

describe('when a command hands unknown options to another program', () => {
  it.each([
    [[WrapperCommand], ['wrap', 'git', '--dry-run']],
    [[WrapperCommand], ['wrap', '--dry-run', 'git']],
    [
      [DatabaseCommand, MigrateCommand, ExecCommand],
      ['db', 'exec', 'psql', '--dry-run'],
    ],
    [
      [ToolCommand, SkippedCommand],
      ['tool', 'plain', '--dry-run'],
    ],
  ])('leaves --dry-run among its arguments: %p', async (providers, argv) => {
    const of = async (cli: Cli) => shown(cli, argv).catch((error: Error) => error.message);
    expect(await of({ providers })).toEqual(await of({ providers, airlock: false }));
  });
});

describe('when a command within a command has a --dry-run of its own', () => {
  it.each([
    [
      [DatabaseCommand, MigrateCommand, ExecCommand],
      ['db', 'migrate', '--dry-run'],
    ],
    [
      [ProgramCommand, MigrateCommand],
      ['migrate', '--dry-run'],
    ],
  ])('the one around it does not take it away: %p', async (providers, argv) => {
    const { runs: made } = await shown({ providers }, argv);
    expect(made).toEqual([{ command: 'MigrateCommand', args: [], options: { dryRun: true } }]);
  });
});

describe('when one application parses several command lines', () => {
  it('holds back effects for the one that was given --dry-run alone', async () => {
    @Command({ name: 'send' })
    class SendCommand extends CommandRunner {
      constructor(private readonly effects: EffectBuffer) {
        super();
      }
      async run([to]: string[]): Promise<void> {
        this.effects.enqueue(function mail() {
          out.push(to!);
        });
      }
    }
    const write = jest.spyOn(process.stdout, 'write').mockReturnValue(true);
    const app = await CommandFactory.createWithoutRunning(
      moduleOf({ imports: [AirlockModule.forRoot()], providers: [SendCommand] }),
    );
    const runner = app.get(CommandRunnerService);
    await runner.run(['node', 'cli', 'send', 'ada', '--dry-run']);
    await runner.run(['node', 'cli', 'send', 'bob']);
    await app.close();
    write.mockRestore();
    expect(out).toEqual(['bob']);
  });
});
