import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Test, type TestingModule } from '@nestjs/testing';
import { airlockMatchers, captureEffects } from 'nestjs-airlock/testing';
import { AppModule } from './app.module.js';
import { MailService } from './mail.service.js';
import { NotToBeReminded } from './not-to-be-reminded.policy.js';
import { RemindCommand } from './remind.command.js';
import { runCommand } from './run-command.js';

expect.extend(airlockMatchers);
// oxlint-disable-next-line typescript/unbound-method -- effects are named by their methods.
const { remind, tellAccounts } = MailService.prototype;

/** Of intents: other ones each time. */
const ID = /\([\w-]+:\d+\)/g;

describe('the command', () => {
  let app: TestingModule;

  beforeAll(async () => {
    app = await Test.createTestingModule({ imports: [AppModule] }).compile();
    await app.init();
  });
  afterAll(() => app.close());

  const capture = (days?: number) =>
    captureEffects(app, () => app.get(RemindCommand).run([], { days }));

  it('reminds customers, but for those who have asked for peace, and tells accounts', async () => {
    const captured = await capture();
    expect(captured.effects).toHaveLength(4);
    expect(captured).toHaveDispatched(remind, 101, 'ada@example.com');
    expect(captured).toHaveDispatched(remind, 104, 'dora@example.com');
    expect(captured).toHaveDispatched(tellAccounts, 3);
    expect(captured).not.toHaveDispatched(remind, 103, 'cleo@example.com');
    expect(captured).toHaveDropped(remind, { reason: 'policy', policy: NotToBeReminded });
  });

  it('reminds nobody where an invoice has no address', async () => {
    const captured = await capture(3);
    expect(captured.error).toMatchObject({ message: 'Invoice 105 has no address' });
    expect(captured).toHaveEnqueuedTimes(remind, 4);
    expect(captured).toHaveNoEffects();
  });
});

describe('the session in the README', () => {
  it('is what the program prints, command by command', async () => {
    const sessions = await readSessions();
    expect(sessions.length).toBeGreaterThanOrEqual(4);
    for (const { argv, output } of sessions) {
      const { printed, exitCode } = await run(argv);
      expect({ argv, printed: printed.replace(ID, '(id)') }).toEqual({
        argv,
        printed: output.replace(ID, '(id)'),
      });
      expect({ argv, exitCode }).toEqual({
        argv,
        exitCode: /no address/.test(output) ? 1 : undefined,
      });
    }
  });
});

interface Session {
  readonly argv: readonly string[];
  readonly output: string;
}

async function readSessions(): Promise<readonly Session[]> {
  const readme = await readFile(join(process.cwd(), 'sample/04-command/README.md'), 'utf8');
  const commands = /^\$ node dist\/sample\/04-command\/main\.js (.*)\n([^]*?)(?=^\$|^```)/gm;
  return [...readme.matchAll(commands)].map(([, argv, output]) => ({
    argv: argv!.split(' '),
    output: output!,
  }));
}

async function run(argv: readonly string[]) {
  const before = process.argv;
  let printed = '';
  const print = (text: unknown): void => void (printed += `${String(text)}\n`);
  const write = jest
    .spyOn(process.stdout, 'write')
    .mockImplementation((text) => ((printed += String(text)), true));
  const log = jest.spyOn(console, 'log').mockImplementation(print);
  const error = jest.spyOn(console, 'error').mockImplementation(print);
  process.argv = ['node', 'main.js', ...argv];
  try {
    await runCommand();
    return { printed, exitCode: process.exitCode };
  } finally {
    process.argv = before;
    process.exitCode = undefined;
    for (const spy of [write, log, error]) spy.mockRestore();
  }
}
