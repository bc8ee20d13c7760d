import { isAsymmetric, print } from '../kit/texts/print.js';

/** The test runner's own equality, which knows asymmetric matchers. @internal */
export type Equals = (a: unknown, b: unknown) => boolean;

/**
 * Lists the places where arguments differ, one line each: `args[1].copy: expected true, got false`.
 * @internal
 */
export function differences(
  equals: Equals,
  expected: readonly unknown[],
  received: readonly unknown[],
): readonly string[] {
  return [...between(equals, trimmed(expected), trimmed(received), 'args', [])];
}

/** A call may leave out what is undefined. @internal */
export function trimmed(args: readonly unknown[]): readonly unknown[] {
  return args.slice(0, args.findLastIndex((arg) => arg !== undefined) + 1);
}

/**
 * @param above what `expected` stands in: an order whose lines know their order differs in each
 *   once
 */
function* between(
  equals: Equals,
  expected: unknown,
  received: unknown,
  path: string,
  above: readonly unknown[],
): Generator<string> {
  if (above.includes(expected) || equals(received, expected)) return;
  const within = [...above, expected];
  if (Array.isArray(expected) && Array.isArray(received)) {
    for (let i = 0; i < Math.max(expected.length, received.length); i++) {
      if (i >= received.length) yield `${path}[${i}]: expected ${print(expected[i])}, got nothing`;
      else if (i >= expected.length)
        yield `${path}[${i}]: expected nothing, got ${print(received[i])}`;
      else yield* between(equals, expected[i], received[i], `${path}[${i}]`, within);
    }
    return;
  }
  const keys = keysOf(expected, received);
  if (keys.length === 0) yield `${path}: expected ${print(expected)}, got ${print(received)}`;
  for (const key of keys) {
    yield* between(
      equals,
      (expected as Properties)[key],
      (received as Properties)[key],
      `${path}.${key}`,
      within,
    );
  }
}

type Properties = Readonly<Record<string, unknown>>;

/**
 * The properties in which two objects may differ; none where something else tells them apart, as
 * with dates.
 */
function keysOf(expected: unknown, received: unknown): readonly string[] {
  if (!isOfProperties(expected) || !isOfProperties(received)) return [];
  return [...new Set([...Object.keys(expected), ...Object.keys(received)])];
}

function isOfProperties(value: unknown): value is object {
  return Object.prototype.toString.call(value) === '[object Object]' && !isAsymmetric(value);
}
