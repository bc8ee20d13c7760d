/** Object that Jest and Vitest hand to a matcher as `this`, as far as it is used. @publicApi */
export interface MatcherContext {
  // `any`: each test runner has its own type of testers, and they are only handed back.
  readonly customTesters?: any;
  readonly utils?: {
    readonly iterableEquality?: any;
    diff?(expected: unknown, received: unknown, options?: any): string | null | undefined;
  };
  equals(a: unknown, b: unknown, customTesters?: any): boolean;
}

/** Answer of a matcher. @publicApi */
export interface MatcherResult {
  readonly pass: boolean;
  message(): string;
}

/** Joins paragraphs, and leaves out empty ones. @internal */
export function text(...paragraphs: readonly string[]): string {
  return paragraphs.filter((paragraph) => paragraph !== '').join('\n\n');
}
