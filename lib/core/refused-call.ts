import type { Context } from './context.js';
import { hasUnheard, type HasRefusals, Refusal } from './refusal.js';

/** A refused call as a Promise, for a caller who stands in `context`. @internal */
export function refused(error: unknown, context: Context | undefined): Promise<never> {
  const holder = holderAt(context);
  if (holder !== undefined) return new Refusal(error, holder);
  const nobody: HasRefusals = {};
  void reportUnheard(nobody, error, context);
  return new Refusal(error, nobody);
}

async function reportUnheard(nobody: HasRefusals, error: unknown, context: Context | undefined): Promise<void> {
  // The caller's `await` begins after this one, and listens one turn later.
  await Promise.resolve();
  await Promise.resolve();
  if (!hasUnheard(nobody)) return;
  if (context === undefined) console.error(error);
  else context.host.report(error);
}

function holderAt(context: Context | undefined): HasRefusals | undefined {
  const evaluation = context?.evaluation;
  if (evaluation !== undefined) return evaluation.isActive ? evaluation : undefined;
  const unit = context?.receiver();
  return unit?.state === 'open' ? unit : undefined;
}
