import { AirlockOptionsError } from '../errors/airlock-options.error.js';
import { airlockMatchers } from './matchers/airlock-matchers.js';

// Exported so that the declarations of this file lead to the types of the global `expect`.
export type { AirlockMatchers } from './matchers/matcher-types.js';

/**
 * Adds the matchers to the global `expect`: of Jest, or of Vitest with `globals: true`. For a
 * set-up file.
 */
const { expect } = globalThis as { expect?: { extend?(matchers: object): void } };
if (typeof expect?.extend !== 'function') {
  throw new AirlockOptionsError(
    'expect',
    'There is no global `expect`. Import this in a test file or in `setupFilesAfterEnv`, or use ' +
      '`nestjs-airlock/testing/jest-globals` or `nestjs-airlock/testing/vitest`.',
  );
}
expect.extend(airlockMatchers);
