import { sources } from '../../installation/location.js';

/** Place in the application's own code that made a call. */
interface CallSite {
  /** The innermost place on the stack outside Node, packages, and this package. */
  readonly place: string;
  /**
   * The next one in another file, such as the caller of a wrapper around a queue; undefined if none
   * is on the stack.
   */
  readonly caller: string | undefined;
}

/** @returns undefined if no code of the application is on the stack @internal */
export function callSite(): CallSite | undefined {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 60;
  const { stack = '' } = new Error();
  Error.stackTraceLimit = stackTraceLimit;
  const own = stack.split('\n').slice(1).filter(isOwn);
  const [first] = own;
  if (first === undefined) return undefined;
  const caller = own.find((line) => fileOf(line) !== fileOf(first));
  return { place: trimmed(first), caller: caller && trimmed(caller) };
}

function isOwn(line: string): boolean {
  return (
    !/node:|node_modules|<anonymous>/.test(line) &&
    !(sources !== undefined && line.includes(sources))
  );
}

/** A line of a stack without its function, line and column. */
function fileOf(line: string): string {
  return line.replace(/^.*\(|^\s*at (?:async )?/, '').replace(/:\d+:\d+\)?$/, '');
}

function trimmed(line: string): string {
  return line.trim().replace(/^at /, '');
}
