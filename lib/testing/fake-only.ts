import type { EffectRef } from '../core/effect-ref.js';
import type { FakeOptions } from './tested.application.js';

/**
 * Options of `AirlockTestingModule` that keep some effects in and let all others go out as in production:
 * `AirlockTestingModule.override(builder, fakeOnly([SmsService.prototype.send]))`.
 *
 * @param effects their methods, functions or names
 * @publicApi
 */
export function fakeOnly(effects: readonly EffectRef[]): FakeOptions {
  return { mode: 'capture', fakeOnly: effects };
}
