import type { Equals } from './differences.js';

/** What Jest and Vitest hand to a matcher as `this`, as far as it is used. @publicApi */
export interface MatcherContext {
  readonly isNot?: boolean;
  // `any`: each test runner has its own type of testers, and they are only handed back.
  readonly customTesters?: any;
  equals(a: unknown, b: unknown, customTesters?: any): boolean;
}

/** What a matcher says. @publicApi */
export interface MatcherResult {
  readonly pass: boolean;
  message(): string;
}

/** @internal */
export function equalsIn(context: MatcherContext): Equals {
  return (a, b) => context.equals(a, b, context.customTesters);
}

/** A text of paragraphs, those that say nothing left out. @internal */
export function text(...paragraphs: readonly string[]): string {
  return paragraphs.filter((paragraph) => paragraph !== '').join('\n\n');
}
