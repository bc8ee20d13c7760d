import type { Equals } from './differences.js';

/** Object that Jest and Vitest hand to a matcher as `this`, as far as it is used. @publicApi */
export interface MatcherContext {
  // `any`: each test runner has its own type of testers, and they are only handed back.
  readonly customTesters?: any;
  readonly utils?: { readonly iterableEquality?: any };
  equals(a: unknown, b: unknown, customTesters?: any): boolean;
}

/** Answer of a matcher. @publicApi */
export interface MatcherResult {
  readonly pass: boolean;
  message(): string;
}

/** @internal */
export function equalsIn(context: MatcherContext): Equals {
  // As `toEqual` does; alone, `equals` takes any two Maps for one.
  const testers: readonly unknown[] = [
    ...(context.customTesters ?? []),
    context.utils?.iterableEquality,
  ];
  const known = testers.filter((tester) => tester !== undefined);
  return (a, b) => context.equals(a, b, known);
}

/** Joins paragraphs, and leaves out empty ones. @internal */
export function text(...paragraphs: readonly string[]): string {
  return paragraphs.filter((paragraph) => paragraph !== '').join('\n\n');
}
