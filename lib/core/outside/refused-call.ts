import type { Context } from '../scope/context.js';
import { logSafely } from './log-safely.js';
import { type HasRefusals, Refusal, reportUnheard } from '../model/refusal.js';

const CONSOLE = {
  logError: (error: unknown): void => logSafely(() => console.error(error), error),
};

/** Makes the Promise of a refused call, for a caller in `context`. @internal */
export function refused(error: unknown, context: Context | undefined): Promise<never> {
  const holder = holderAt(context);
  if (holder !== undefined) return new Refusal(error, holder, context?.attempt);
  const nobody: HasRefusals = {};
  void reportUnheard(nobody, context?.host ?? CONSOLE);
  return new Refusal(error, nobody);
}

function holderAt(context: Context | undefined): HasRefusals | undefined {
  const evaluation = context?.evaluation;
  if (evaluation !== undefined) return evaluation.isActive ? evaluation : undefined;
  const unit = context?.opened;
  return unit?.state === 'open' ? unit : undefined;
}
