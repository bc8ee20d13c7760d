import type { ScopeView } from '../../../core/model/scope-view.js';
import { AirlockError } from '../../../errors/airlock.error.js';

/** Scope that was opened and has not ended. @publicApi */
export interface LeakedScope {
  readonly scope: ScopeView;
  /** Line that opened it, as `/app/import.ts:12:30`. */
  readonly openedAt: string;
}

/**
 * Thrown for a test that leaves scopes open: their effects were neither dispatched nor dropped.
 *
 * @publicApi
 */
export class ScopeLeakError extends AirlockError {
  protected static override readonly brandName = 'ScopeLeakError';

  constructor(readonly leaks: readonly LeakedScope[]) {
    super(
      'AIRLOCK_SCOPE_LEAK',
      `${leaks.length === 1 ? '1 scope has' : `${leaks.length} scopes have`} been opened and not ended:\n` +
        `${leaks.map(leakText).join('\n')}\n` +
        'End each with `flush()`, `discard()` or `end(outcome)`, or let `run` do it; await what runs in it.',
    );
  }
}

function leakText({ scope: { name, id, state, intents }, openedAt }: LeakedScope): string {
  const names = intents.map((intent) => intent.name);
  const held = names.length === 0 ? '' : `, holding ${names.join(', ')}`;
  return `  "${name ?? id}" is ${state}${held}; opened at ${openedAt}`;
}
