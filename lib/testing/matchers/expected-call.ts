import type { Intent } from '../../core/model/intent.js';
import {
  assertEffectRef,
  type EffectRef,
  isCallOf,
  nameOfRef,
} from '../../core/effect/effect-ref.js';
import { isSpy } from '../../nest/methods/mocks.js';
import { type Comparison, trimmed } from './comparison.js';
import { nearest } from './nearest.js';
import { printCall } from '../kit/texts/print.js';

/** Call that a test expects: an effect, and its arguments where these are given. @internal */
export class ExpectedCall {
  private readonly args: readonly unknown[] | undefined;

  /**
   * @param args arguments of the call; undefined means any
   * @throws AirlockOptionsError for a reference that names no effect
   */
  constructor(
    private readonly comparison: Comparison,
    private readonly ref: EffectRef,
    args: readonly unknown[] | undefined,
  ) {
    assertEffectRef(ref);
    this.args = args && trimmed(args);
  }

  /** Makes one of the arguments of a matcher; none means any. */
  static of(comparison: Comparison, ref: EffectRef, args: readonly unknown[]): ExpectedCall {
    return new ExpectedCall(comparison, ref, args.length === 0 ? undefined : args);
  }

  readonly isOfEffect = (intent: Intent): boolean => isCallOf(intent, this.ref);

  readonly isMetBy = (intent: Intent): boolean =>
    this.isOfEffect(intent) &&
    (this.args === undefined || this.comparison.equals(trimmed(intent.args), this.args));

  /** Text of a call for messages, under the name it has where it was called. */
  textIn(intents: readonly Intent[]): string {
    const name = intents.find(this.isOfEffect)?.name ?? nameOfRef(this.ref);
    return this.args === undefined ? name : printCall(name, this.args);
  }

  /** Text of what may have been meant, where no call is the expected one. */
  nearestIn(intents: readonly Intent[]): string {
    if (typeof this.ref === 'function' && isSpy(this.ref) && !intents.some(this.isOfEffect)) {
      return (
        'It is a mock. A call that code makes of a mock itself is no effect: ' +
        'expect it of the mock, by `toHaveBeenCalledWith` for example.'
      );
    }
    return nearest(this.comparison, intents, this.ref, this.args ?? []);
  }
}
