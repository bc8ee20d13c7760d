import type { LoggerService } from '@nestjs/common';

interface Line {
  readonly level: string;
  readonly context: unknown;
  readonly text: string;
}

/** Log of the suite's applications. */
export class TestLog implements LoggerService {
  private readonly lines: Line[] = [];
  readonly log = this.at('log');
  readonly warn = this.at('warn');
  readonly error = this.at('error');
  readonly fatal = this.at('fatal');

  clear(): void {
    this.lines.length = 0;
  }

  /** Lines that Airlock logged. */
  get reports(): readonly string[] {
    return this.lines
      .filter(({ level, context }) => level === 'error' && context === 'Airlock')
      .map(({ text }) => text);
  }

  /** Lines that others logged, as the peer's own error handling. */
  get others(): readonly string[] {
    return this.lines
      .filter(({ context }) => context !== 'Airlock')
      .map(({ level, context, text }) => `${level} [${String(context)}] ${text}`);
  }

  private at(level: string) {
    return (message: unknown, ...rest: unknown[]): void => {
      const text =
        message instanceof Error ? message.message : typeof message === 'string' ? message : '';
      this.lines.push({ level, context: rest.at(-1), text: text.split('\n', 1)[0]! });
    };
  }
}
