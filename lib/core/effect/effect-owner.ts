import { masked } from '../../errors/masked.js';

/** Names that an application knows an object by, besides its class. */
interface Names {
  /** The tokens of the providers that are this object. */
  readonly tokens: Set<unknown>;
  /** Takes the place of the class in names, if that does not tell the object apart. */
  label: string | undefined;
}

// Keyed by the object and forgotten with it: applications that share an object share its names.
const named = new WeakMap<object, Names>();

/**
 * Notes a token under which an object is provided, or a class whose instances are made per request,
 * so that policies find its effects by that name too.
 *
 * @param label takes the place of the class in names; the first one given stays
 * @internal
 */
export function noteNames(holder: object, token: unknown, label?: string): void {
  let names = named.get(holder);
  if (names === undefined) named.set(holder, (names = { tokens: new Set(), label: undefined }));
  if (token !== undefined) names.tokens.add(token);
  names.label ??= label;
}

/**
 * The part before the dot in the name of an effect that is a method of `target`: `Queue(stock)` for
 * a queue, else the label from `noteNames`, else the class; undefined for a plain object.
 *
 * @internal
 */
export function ownerName(target: object): string | undefined {
  return (
    queueName(target) ??
    named.get(target)?.label ??
    exportedAs(typeOf(target))[0] ??
    className(target)
  );
}

/**
 * All names that the owner goes by: the one shown, its class and those it extends, its tokens.
 * @internal
 */
export function ownerNames(target: object): ReadonlySet<string> {
  const names = new Set<string>();
  const shown = ownerName(target);
  if (shown !== undefined) names.add(shown);
  for (const type of classesOf(target)) {
    if (type.name && type !== Object) names.add(type.name);
    for (const name of exportedAs(type)) names.add(name);
  }
  for (const token of tokensOf(target)) names.add(tokenName(token));
  return names;
}

/**
 * The objects that declare methods of `target`: itself, its prototypes, and those of the classes it
 * is provided as.
 * @internal
 */
export function* declarersOf(target: object): Generator<object> {
  yield* chainOf(target);
  for (const token of tokensOf(target)) {
    if (
      typeof token === 'function' &&
      typeof token.prototype === 'object' &&
      token.prototype !== null
    )
      yield* chainOf(token.prototype as object);
  }
}

/** A class's own name, the name of an instance's class; undefined for a plain object. @internal */
export function className(target: object): string | undefined {
  // A class may have a static of that name.
  const written: unknown = typeOf(target)?.name;
  if (typeof written !== 'string') return undefined;
  // The proxy of a library may bind everything that it returns, as those of `nestjs-cls` do.
  const name = written.replace(/^bound /, '');
  return name !== '' && name !== 'Object' ? name : undefined;
}

/** A token for names and messages. @internal */
export function tokenName(token: unknown): string {
  if (typeof token === 'function') return token.name;
  return masked(typeof token === 'symbol' ? (token.description ?? 'symbol') : String(token));
}

/**
 * Names under which a class is a property of itself, and is imported: `EventEmitter2` for a class
 * that is named `EventEmitter`.
 */
function exportedAs(type: NamedType | undefined): readonly string[] {
  if (type === undefined) return [];
  return Object.getOwnPropertyNames(type).filter(
    (key) => key !== 'default' && Object.getOwnPropertyDescriptor(type, key)?.value === type,
  );
}

/**
 * The name of a queue of BullMQ or Bull. The name of its class would not tell queues apart. A queue
 * is recognised by its shape, since several copies of the library may be installed.
 */
function queueName(target: object): string | undefined {
  const { name, add, addBulk } = target as { name?: unknown; add?: unknown; addBulk?: unknown };
  const isQueue =
    typeof target === 'object' && typeof add === 'function' && typeof addBulk === 'function';
  return isQueue && typeof name === 'string' ? `Queue(${name})` : undefined;
}

function tokensOf(target: object): Iterable<unknown> {
  return (named.get(target) ?? named.get(target.constructor))?.tokens ?? [];
}

interface NamedType {
  readonly name: string;
}

function typeOf(target: object): NamedType | undefined {
  return typeof target === 'function' ? target : (target.constructor as NamedType | undefined);
}

function* classesOf(target: object): Generator<NamedType> {
  if (typeof target === 'function') yield target;
  for (const holder of chainOf(target)) {
    const type: unknown = Object.getOwnPropertyDescriptor(holder, 'constructor')?.value;
    if (typeof type === 'function' && type !== Function) yield type;
  }
}

function* chainOf(start: object): Generator<object> {
  for (let at: object | null = start; at !== null; at = Object.getPrototypeOf(at) as object | null)
    yield at;
}
