import { expect } from '@jest/globals';
import { airlockMatchers } from './matchers/airlock-matchers.js';
import type { AirlockMatchers } from './matchers/matcher-types.js';

expect.extend(airlockMatchers);

declare module '@jest/expect' {
  interface Matchers<R extends void | Promise<void>, T = unknown> extends AirlockMatchers<R> {}
}
