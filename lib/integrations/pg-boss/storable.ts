import { EffectSerializationError } from '../../errors/effect-serialization.error.js';

interface Fault {
  /** Path to the text from the value that was looked at. */
  readonly path: string;
  readonly found: string;
}

/**
 * Refuses strings that JSON can carry and PostgreSQL's `jsonb` cannot: they would fail the
 * transaction in which they are written.
 *
 * @throws EffectSerializationError with the path of the first
 * @internal
 */
export function assertStorable(effect: string, args: readonly unknown[]): void {
  const fault = faultOf(args);
  if (fault === undefined) return;
  const remedy = ', which PostgreSQL cannot store. Leave it out, or encode the text.';
  throw new EffectSerializationError(effect, `args${fault.path}`, fault.found, remedy);
}

function faultOf(value: unknown): Fault | undefined {
  if (typeof value === 'string') return faultOfText(value);
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [key, item] of Object.entries(value)) {
    const fault = faultOf(item) ?? (Array.isArray(value) ? undefined : faultOfText(key));
    if (fault !== undefined) return { ...fault, path: `${stepTo(key, value)}${fault.path}` };
  }
  return undefined;
}

function faultOfText(text: string): Fault | undefined {
  if (text.includes('\0')) return { path: '', found: 'a string with a NUL character' };
  // A surrogate without its other half.
  return /\p{Surrogate}/u.test(text)
    ? { path: '', found: 'a string with half a character' }
    : undefined;
}

function stepTo(key: string, owner: object): string {
  if (Array.isArray(owner)) return `[${key}]`;
  return /^[A-Za-z_$][\w$]*$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
}
