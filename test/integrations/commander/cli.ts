import { Module, type ModuleMetadata, type Type } from '@nestjs/common';
import { CommandFactory } from 'nest-commander';
import { AirlockModule, type AirlockModuleOptions } from 'nestjs-airlock';
import { PassThrough } from 'node:stream';
import { moduleOf } from '../../e2e/http/fixtures.js';

/** What a process that ran a command would have shown. */
export interface Run {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: typeof process.exitCode;
}

export interface Cli {
  readonly providers: readonly Type[];
  /** False for a program without Airlock. */
  readonly airlock?: AirlockModuleOptions | false;
  /** What its `main.ts` gives nest-commander. */
  readonly factory?: Parameters<typeof CommandFactory.run>[1];
  /** What is typed while it runs. */
  readonly typed?: string;
}

/** Runs a program as its `main.ts` does, with arguments as a shell hands them over. */
export async function run(
  { providers, airlock, factory, typed }: Cli,
  ...argv: readonly string[]
): Promise<Run> {
  const before = { argv: process.argv, exitCode: process.exitCode, stdin: process.stdin };
  const stdout = recording(process.stdout);
  const stderr = recording(process.stderr);
  const input = new PassThrough();
  Object.defineProperty(process, 'stdin', { value: input, configurable: true });
  process.argv = ['node', 'cli', ...argv];
  if (typed !== undefined) input.write(typed);
  try {
    const metadata = {
      imports: airlock === false ? [] : [AirlockModule.forRoot(airlock)],
      providers: [...providers],
    };
    const module = airlock === false ? plainModuleOf(metadata) : moduleOf(metadata);
    await CommandFactory.run(module, factory);
    return { stdout: stdout.text(), stderr: stderr.text(), exitCode: process.exitCode };
  } finally {
    process.argv = before.argv;
    process.exitCode = before.exitCode;
    Object.defineProperty(process, 'stdin', { value: before.stdin, configurable: true });
    stdout.restore();
    stderr.restore();
  }
}

function plainModuleOf(metadata: ModuleMetadata): Type {
  @Module(metadata)
  class PlainModule {}
  return PlainModule;
}

function recording(stream: NodeJS.WriteStream) {
  let text = '';
  const spy = jest.spyOn(stream, 'write').mockImplementation((chunk) => {
    text += String(chunk);
    return true;
  });
  return { text: () => text, restore: () => spy.mockRestore() };
}
