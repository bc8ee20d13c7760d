import { isAsymmetric, printCall } from '../kit/texts/print.js';
import type { MatcherContext } from './matcher-context.js';

/** Comparison of values as the test runner's own matchers do it. @internal */
export interface Comparison {
  /** True where `toEqual` passes, also with asymmetric matchers such as `expect.any(Number)`. */
  equals(received: unknown, expected: unknown): boolean;
  /** Text of how arguments differ. */
  diff(expected: readonly unknown[], received: readonly unknown[]): string;
}

/** @internal */
export function comparisonOf(context: MatcherContext): Comparison {
  const { customTesters, utils } = context;
  // As `toEqual` does; alone, `equals` takes any two Maps for one.
  const testers: readonly unknown[] = [...(customTesters ?? []), utils?.iterableEquality];
  const presentTesters = testers.filter((tester) => tester !== undefined);
  const equals = (a: unknown, b: unknown): boolean => context.equals(a, b, presentTesters);
  return {
    equals,
    diff: (expected, received) =>
      utils?.diff?.(withoutMet(equals, expected, received), received, { expand: false }) ??
      `- ${printCall('', expected)}\n+ ${printCall('', received)}`,
  };
}

/** Removes undefined arguments at the end: a call may leave them out. @internal */
export function trimmed(args: readonly unknown[]): readonly unknown[] {
  return args.slice(0, args.findLastIndex((arg) => arg !== undefined) + 1);
}

/**
 * Copies what is expected, with the received value wherever that meets it. Otherwise a diff would
 * show `expect.any(Number)` as a difference from 7, and an object as one from an equal instance.
 */
function withoutMet(
  equals: Comparison['equals'],
  expected: unknown,
  received: unknown,
  copies = new Map<unknown, unknown>(),
): unknown {
  if (equals(received, expected)) return received;
  if (copies.has(expected)) return copies.get(expected);
  if (!isComparable(expected, received)) return expected;
  const copy = (
    Array.isArray(expected) ? [] : Object.create(Object.getPrototypeOf(received) as object | null)
  ) as object;
  copies.set(expected, copy);
  for (const [key, value] of Object.entries(expected)) {
    const other = (received as Readonly<Record<string, unknown>>)[key];
    Object.defineProperty(copy, key, {
      value: withoutMet(equals, value, other, copies),
      enumerable: true,
    });
  }
  return copy;
}

/** True for two arrays, and for two objects that consist of their properties only. */
function isComparable(expected: unknown, received: unknown): expected is object {
  if (Array.isArray(expected)) return Array.isArray(received);
  return [expected, received].every(
    (value) => Object.prototype.toString.call(value) === '[object Object]' && !isAsymmetric(value),
  );
}
