import { AirlockOptionsError } from '../../errors/airlock-options.error.js';

type Define = (name: string, body: () => Promise<void>, timeoutMs?: number) => void;

/** Functions of Jest or Vitest that contracts use. @internal */
export interface TestRunner {
  describe(name: string, suite: () => void): void;
  readonly it: Define & { readonly skip: Define };
  expect(value: unknown): { toEqual(expected: unknown): void };
  beforeAll(hook: () => Promise<void>, timeoutMs: number): void;
  beforeEach(hook: () => Promise<void>): void;
  afterAll(hook: () => Promise<void>, timeoutMs: number): void;
}

const NAMES: readonly (keyof TestRunner)[] = [
  'describe',
  'it',
  'expect',
  'beforeAll',
  'beforeEach',
  'afterAll',
];

/**
 * Finds the test runner's own functions, which it leaves on `globalThis`.
 *
 * @param caller the contract that needs them
 * @throws AirlockOptionsError if one is missing
 * @internal
 */
export function testRunner(caller: string): TestRunner {
  const runner = globalThis as unknown as TestRunner;
  const missing = NAMES.filter((name) => typeof runner[name] !== 'function');
  if (missing.length === 0) return runner;
  throw new AirlockOptionsError(
    'globals',
    `${caller} found no global ${missing.map((name) => `\`${name}\``).join(', ')}. Call it in a test file of ` +
      'Jest (with `injectGlobals`, its default) or of Vitest with `globals: true`.',
  );
}
