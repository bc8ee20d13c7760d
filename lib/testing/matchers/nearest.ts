import { editDistance } from '../../core/effect/edit-distance.js';
import type { Intent } from '../../core/model/intent.js';
import { type EffectRef, isCallOf, nameOfRef } from '../../core/effect/effect-ref.js';
import { type Comparison, trimmed } from './comparison.js';

/** Number of calls of the same effect that are compared: a diff of each takes its time. */
const MOST_COMPARED = 50;

/**
 * Tells how the nearest of several intents differs from an expected call: the one of the same
 * effect with the shortest diff, else the one with the most similar name.
 *
 * @internal
 */
export function nearest(
  comparison: Comparison,
  intents: readonly Intent[],
  ref: EffectRef,
  args: readonly unknown[],
): string {
  const told = (intent: Intent, found: string): string =>
    `Nearest is ${intents.indexOf(intent) + 1}:\n${found}`;
  const same = intents.filter((intent) => isCallOf(intent, ref)).slice(0, MOST_COMPARED);
  const byArguments = same.map((intent) => ({
    intent,
    diff: comparison.diff(trimmed(args), trimmed(intent.args)),
  }));
  const best = byArguments.toSorted((a, b) => a.diff.length - b.diff.length)[0];
  if (best !== undefined) return told(best.intent, `\n${best.diff}`);
  const name = nameOfRef(ref);
  const byName = intents.map((intent) => ({
    intent,
    distance: editDistance(shortened(intent, ref), name),
  }));
  const closest = byName.toSorted((a, b) => a.distance - b.distance)[0];
  if (closest === undefined) return '';
  return told(
    closest.intent,
    closest.distance === 0
      ? '  its name is the same, but it is another function or method'
      : `  the effect is ${closest.intent.name}, not ${name}`,
  );
}

/** A function knows its own name, and not its class's. */
function shortened({ name }: Intent, ref: EffectRef): string {
  return typeof ref === 'string' ? name : name.slice(name.lastIndexOf('.') + 1);
}
