import { MetadataScanner } from '@nestjs/core';

/** What is used of commander's `Command`. @internal */
export interface CommandLine {
  readonly parent?: CommandLine | null;
  option(flags: string, description: string): unknown;
  opts(): Record<string, unknown>;
}

const FLAG = '--dry-run';
const KEY = 'dryRun';
const commandLines = new WeakMap<object, CommandLine>();

/** Adds the option to a command's line before the command's own options are added. @internal */
export function offerDryRun(command: object, line: CommandLine): void {
  commandLines.set(command, line);
  if (definesIt(command)) return;
  line.option(FLAG, 'let no effect out; print those that would have got out');
  // Not enumerable: nest-commander hands on whatever it finds, under a name that it only has for options of its own.
  Object.defineProperty(line.opts(), KEY, { value: undefined, writable: true, configurable: true, enumerable: false });
}

/** Whether it was given to the command, or to one that the command is a part of, which takes options that it knows. @internal */
export function isDryRun(command: unknown): boolean {
  let line: CommandLine | null | undefined = commandLines.get(command as object);
  for (; line; line = line.parent) if (line.opts()[KEY] !== undefined && line.opts()[KEY] !== false) return true;
  return false;
}

function definesIt(command: object): boolean {
  const prototype = Object.getPrototypeOf(command) as Record<string, object>;
  return new MetadataScanner().getAllMethodNames(prototype).some((name) => {
    const option = Reflect.getMetadata('CommandBuilder:Option:Meta', prototype[name]!) as { flags: string } | undefined;
    return option?.flags.split(/[ ,|]+/).includes(FLAG) === true;
  });
}
