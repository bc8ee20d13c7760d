import { inspect } from 'node:util';
import type { Intent } from '../../../core/model/intent.js';

/** Asymmetric matcher such as `expect.anything()`, in Jest and in Vitest. @publicApi */
export interface AsymmetricMatcher {
  asymmetricMatch(other: unknown): boolean;
}

/** @internal */
export function isAsymmetric(value: unknown): value is AsymmetricMatcher {
  return (
    typeof (value as Partial<AsymmetricMatcher> | null | undefined)?.asymmetricMatch === 'function'
  );
}

/** True for an object that is nothing but its properties. @internal */
export function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null || isAsymmetric(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** Writes any value in one line, the same under every test runner. @internal */
export function print(value: unknown): string {
  return write(value, []);
}

/** `MailService.sendReceipt(7, { copy: true })`. @internal */
export function printCall(name: string, args: readonly unknown[]): string {
  return `${name}(${args.map(print).join(', ')})`;
}

/** @internal */
export function printIntent({ name, args }: Intent): string {
  return printCall(name, args);
}

function write(value: unknown, above: readonly unknown[]): string {
  if (above.includes(value)) return '[Circular]';
  const within = [...above, value];
  if (isAsymmetric(value)) return writeAsymmetric(value, within);
  if (Array.isArray(value)) return `[${value.map((item) => write(item, within)).join(', ')}]`;
  if (isPlain(value)) {
    const entries = Object.entries(value).map(
      ([key, item]) => `${keyText(key)}: ${write(item, within)}`,
    );
    return entries.length === 0 ? '{}' : `{ ${entries.join(', ')} }`;
  }
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  return inspect(value, { depth: 2, breakLength: Infinity, compact: true });
}

/** `ObjectContaining({ id: 7 })`, `Any(Number)`, `Anything`. */
function writeAsymmetric(
  matcher: AsymmetricMatcher & { readonly sample?: unknown },
  within: readonly unknown[],
): string {
  const own = (matcher as { toString(): string }).toString();
  const name = own === '[object Object]' ? matcher.constructor.name : own;
  const { sample } = matcher;
  if (sample === undefined) return name;
  return `${name}(${typeof sample === 'function' ? sample.name : write(sample, within)})`;
}

function keyText(key: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(key) ? key : `'${key}'`;
}
