import { expect } from '@jest/globals';
import { airlockMatchers } from './matchers/airlock-matchers.js';
import type { AirlockMatchers } from './matchers/matcher-types.js';
import { requirePeer } from '../installation/required-peer.js';

requirePeer('@jest/globals', '>=29.0.0', 'nestjs-airlock/testing/jest-globals');
expect.extend(airlockMatchers);

declare module '@jest/expect' {
  interface Matchers<R extends void | Promise<void>, T = unknown> extends AirlockMatchers<R> {}
}
