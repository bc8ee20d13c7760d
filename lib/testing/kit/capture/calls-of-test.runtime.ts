import { scopeOfCall } from '../../../core/outside-scope.js';
import type { EndAtCall } from '../../../core/model/end-at-call.js';
import { AirlockRuntime } from '../../../core/runtime.js';
import type { Context } from '../../../core/scope/context.js';
import type { Effect, EnqueueOptions } from '../../../core/model/enqueue-options.js';
import type { Executor } from '../../../core/model/executor.js';
import { INLINE } from '../modes/inline.executor.js';
import { EffectEnd } from './effect-end.js';
import { KEPT_IN } from './keep-in.js';

/**
 * Makes each call a unit of work that completes at once, and whose effect goes to one executor,
 * whatever executor it names.
 */
class CallsOfTest extends AirlockRuntime {
  constructor(private readonly only: Executor) {
    super({ outsideScope: 'dispatch', executor: only });
  }

  override executorNamed(): Executor {
    return this.only;
  }
}

/** Lets whoever calls wait for the end. */
class InlineCallsOfTest extends CallsOfTest {
  override outsideScope(
    context: Context,
    options: EnqueueOptions,
    effect: Effect,
    args: unknown[],
  ): EndAtCall {
    const scope = scopeOfCall(this, context, options, effect, args);
    const end = this.endScope(scope, 'completed', 'the call itself', 'throw');
    return end && new EffectEnd(end, this.logError);
  }
}

/** Takers of the calls that one test makes outside any scope, by mode. @internal */
export const callsOfTest = {
  capture: (): AirlockRuntime => new CallsOfTest(KEPT_IN),
  inline: (): AirlockRuntime => new InlineCallsOfTest(INLINE),
};
