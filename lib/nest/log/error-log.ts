import type { LoggerService } from '@nestjs/common';
import { DispatchError } from '../../errors/dispatch.error.js';
import { messageOf, stacksOf } from '../../errors/thrown.js';
import type { AirlockLogOptions } from '../options/log-options.js';

/** Logs errors that no caller is left to see. @internal */
export function logsErrors(
  { failures = 'error' }: AirlockLogOptions,
  logger: LoggerService,
): (error: unknown) => void {
  return (error) => {
    const message = messageOf(error);
    const level = error instanceof DispatchError ? failures : 'error';
    if (level !== false) logger[level]?.(message, withoutMessage(stacksOf(error), message));
  };
}

/** Cuts the message out of a stack, since the line has it already. */
function withoutMessage(stacks: string, message: string): string {
  const at = stacks.indexOf(message);
  return at < 0 || at > LONGEST_NAME
    ? stacks
    : stacks.slice(0, at).replace(/: $/, '') + stacks.slice(at + message.length);
}

/** Longest name of an error's class that is printed. */
const LONGEST_NAME = 100;
