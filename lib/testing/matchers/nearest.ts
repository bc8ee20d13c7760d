import { editDistance } from '../../core/effect/edit-distance.js';
import type { Intent } from '../../core/model/intent.js';
import { type EffectRef, isCallOf, nameOfRef } from '../../core/effect/effect-ref.js';
import { differences, type Equals } from './differences.js';

const MOST = 10;

/**
 * Tells how the nearest of several intents differs from an expected call: one of the same effect
 * with the fewest differing arguments, else the one with the most similar name.
 *
 * @internal
 */
export function nearest(
  equals: Equals,
  intents: readonly Intent[],
  ref: EffectRef,
  args: readonly unknown[],
): string {
  const same = intents.filter((intent) => isCallOf(intent, ref));
  const byArguments = same.map((intent) => ({
    intent,
    found: differences(equals, args, intent.args),
  }));
  const best = byArguments.toSorted((a, b) => a.found.length - b.found.length)[0];
  if (best !== undefined) return told(intents, best.intent, best.found);
  const name = nameOfRef(ref);
  const byName = intents.map((intent) => ({
    intent,
    distance: editDistance(shortened(intent, ref), name),
  }));
  const closest = byName.toSorted((a, b) => a.distance - b.distance)[0];
  if (closest === undefined) return '';
  const found =
    closest.distance === 0
      ? 'its name is the same, but it is another function or method'
      : `the effect is ${closest.intent.name}, not ${name}`;
  return told(intents, closest.intent, [found]);
}

function told(intents: readonly Intent[], intent: Intent, found: readonly string[]): string {
  const shown = found.slice(0, MOST).map((line) => `  ${line}`);
  const rest = found.length > MOST ? [`  … and ${found.length - MOST} more`] : [];
  return [`Nearest is ${intents.indexOf(intent) + 1}:`, ...shown, ...rest].join('\n');
}

/** A function knows its own name, and not its class's. */
function shortened({ name }: Intent, ref: EffectRef): string {
  return typeof ref === 'string' ? name : name.slice(name.lastIndexOf('.') + 1);
}
