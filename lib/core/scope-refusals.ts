import { ScopeStateError } from '../errors/scope-state.error.js';
import type { ScopeState } from './model/scope-view.js';

/** A scope that refuses what it is asked for. */
interface Refusing {
  readonly label: string;
  readonly state: ScopeState;
}

// The errors of a scope: what it was asked for, why its state does not allow that, what to do.

/** Advice, by the state of a scope. */
const NEXT: Readonly<Record<ScopeState, string>> = {
  open: 'Call `close()` first.',
  closed: 'It takes no more calls.',
  flushed: 'A scope ends once.',
  discarded: 'A scope ends once.',
};

/** @param becoming as `flushed` @internal */
export function cannotBecome(scope: Refusing, becoming: string): ScopeStateError {
  const { label, state } = scope;
  return refusal(scope, `Scope "${label}" cannot be ${becoming}: it is ${state}. ${NEXT[state]}`);
}

/** @internal */
export function isNested(scope: Refusing, parent: Refusing): ScopeStateError {
  return refusal(
    scope,
    `Scope "${scope.label}" is nested in "${parent.label}", which decides about its intents. Call \`checkpoint()\` on the outermost scope.`,
  );
}

/** @param method as `flush` @internal */
export function wouldWaitForItself(scope: Refusing, method: string): ScopeStateError {
  return refusal(
    scope,
    `\`${method}()\` of scope "${scope.label}" was called in an effect that this scope is letting out: each would wait for the other. ` +
      'What an effect enqueues goes out after it by itself; leave the scope to whoever opened it.',
  );
}

function refusal({ label, state }: Refusing, text: string): ScopeStateError {
  return new ScopeStateError(label, state, text);
}
