import { expect } from 'vitest';
import { airlockMatchers } from './matchers/airlock-matchers.js';
import type { AirlockMatchers } from './matchers/matcher-types.js';

expect.extend(airlockMatchers);

declare module 'vitest' {
  // As Vitest's own matchers, and as it reads those of the global `jest` namespace.
  interface Matchers<T = any> extends AirlockMatchers<void> {}
}
