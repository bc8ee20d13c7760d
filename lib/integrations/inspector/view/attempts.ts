import type { EffectView } from './inspector.view.js';

/** The last attempt of an engine at an effect. @internal */
export interface Attempt {
  /** The first is 1. */
  readonly number: number;
  /** Text that is shown of the error that it failed with. */
  readonly error?: string;
}

/** Adds to the view of an effect how an attempt of its engine has ended. @internal */
export function attempted(view: EffectView, { number, error }: Attempt): EffectView {
  const { error: _before, ...rest } = view;
  // The sentence of an earlier attempt is the same, except for the number.
  const handed = view.sentence.replace(/ Attempt \d+ .*$/, '');
  return {
    ...rest,
    attempts: number,
    ...(error === undefined
      ? { state: 'sent', sentence: `${handed} Attempt ${number} ran without an error.` }
      : { state: 'failed', sentence: `${handed} Attempt ${number} failed.`, error }),
  };
}
