import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { inspect } from 'node:util';
import { ConsoleLogger } from '@nestjs/common';
import { pino } from 'pino';

const CHANNELS = ['enqueue', 'dispatch', 'drop', 'fail', 'scope'].map((name) => `airlock:${name}`);

/**
 * All that people and machines get to read of an application: its log, messages of its channels,
 * and its errors as loggers print them.
 */
export class Told {
  private readonly texts: string[] = [];
  /** Nest's own, whose lines are kept. */
  readonly logger = new KeptLogger((text) => this.texts.push(text));
  private readonly spies: jest.SpyInstance[] = [];

  /** What goes around the logger is heard as well. */
  listen(): void {
    for (const name of CHANNELS) subscribe(name, this.heard);
    for (const method of ['error', 'warn', 'log'] as const) {
      this.spies.push(
        jest
          .spyOn(console, method)
          .mockImplementation((...args) => this.texts.push(inspect(args, DEEP))),
      );
    }
  }

  silence(): void {
    for (const name of CHANNELS) unsubscribe(name, this.heard);
    for (const spy of this.spies.splice(0)) spy.mockRestore();
  }

  /** An error in the hands of the application, which logs it one way or another. */
  log(error: unknown): void {
    this.logger.error(error);
    const keep = { write: (line: string) => void this.texts.push(line) };
    pino({}, keep).error(error);
    pino({}, keep).error({ err: error, failures: (error as { failures?: unknown }).failures });
    this.texts.push(inspect(error, DEEP), inspect(error), String(error), JSON.stringify(error));
  }

  get all(): string {
    return this.texts.join('\n');
  }

  private readonly heard = (message: unknown): void => void this.texts.push(inspect(message, DEEP));
}

const DEEP = {
  depth: 20,
  maxArrayLength: null,
  maxStringLength: null,
  breakLength: Infinity,
} as const;

class KeptLogger extends ConsoleLogger {
  constructor(private readonly keep: (text: string) => void) {
    super({ colors: false });
  }

  protected override printMessages(messages: unknown[]): void {
    this.keep(
      messages
        .map((message) => (typeof message === 'string' ? message : inspect(message, DEEP)))
        .join('\n'),
    );
  }

  protected override printStackTrace(stack: string): void {
    this.keep(stack);
  }
}
