/** Longer than any name that a person gives. */
const LONGEST = 100;

/**
 * Prints a value from a job or a message for a log or an error: in quotes, on one line, and cut.
 * Anybody who can write jobs may have made it look like further lines of the log.
 *
 * @internal
 */
export function quoted(value: unknown): string {
  if (typeof value === 'string') return printable(value);
  if (Object(value) !== value) return String(value);
  return Array.isArray(value)
    ? '(an array)'
    : typeof value === 'function'
      ? '(a function)'
      : '(an object)';
}

/** Prints a name as `quoted` does, without quotes if it is a plain one. @internal */
export function named(value: unknown): string {
  return typeof value === 'string' && /^[\w.$:-]{1,100}$/.test(value) ? value : quoted(value);
}

function printable(text: string): string {
  const some = text.length <= LONGEST ? text : text.slice(0, LONGEST);
  // Control characters, line ends of Unicode, and what turns the direction of the text around it.
  const escaped = JSON.stringify(some).replace(
    /[\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
    escapeOf,
  );
  return text.length <= LONGEST ? escaped : `${escaped}… (${text.length - LONGEST} more letters)`;
}

function escapeOf(letter: string): string {
  return `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
