import { expect } from 'vitest';
import { airlockMatchers } from './matchers/airlock-matchers.js';
import type { AirlockMatchers } from './matchers/matcher-types.js';
import { requirePeer } from '../installation/required-peer.js';

requirePeer('vitest', '>=3.0.0', 'nestjs-airlock/testing/vitest');
expect.extend(airlockMatchers);

declare module 'vitest' {
  // Returns `void`, as Vitest's own matchers do.
  interface Matchers<T = any> extends AirlockMatchers<void> {}
}
