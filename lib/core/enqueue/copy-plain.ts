/**
 * Arrays with more elements are not searched for properties of their own: that would cost more than
 * the copy.
 */
const FEW = 1_000;

/**
 * Replaces plain objects and arrays among the arguments of a call by deep copies, so that later
 * changes do not reach the effect (rule 5). Everything else is kept by reference. Cycles and
 * objects that occur twice keep their shape. Takes time in proportion to the data, and no stack,
 * however deep the data is.
 *
 * @param args changed in place
 * @internal
 */
export function copyPlain(args: unknown[]): unknown[] {
  let copies: PlainCopies | undefined;
  for (let i = 0; i < args.length; i++) {
    const arg = args[i];
    if (isPlain(arg)) args[i] = (copies ??= new PlainCopies()).of(arg);
  }
  copies?.fillAll();
  return args;
}

/**
 * False for instances of classes, also of subclasses of Array, and for objects of the language such
 * as `arguments` and modules.
 */
function isPlain(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  try {
    const prototype: unknown = Object.getPrototypeOf(value);
    // Of any realm: each `Array.prototype` is an array, and the prototype of plain objects has no
    // prototype.
    if (Array.isArray(value)) return Array.isArray(prototype);
    return isOfObjects(prototype) && Object.prototype.toString.call(value) === '[object Object]';
  } catch {
    // A revoked proxy can only be handed on.
    return false;
  }
}

function isOfObjects(prototype: unknown): boolean {
  if (prototype === Object.prototype || prototype === null) return true;
  return (
    Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype as object, 'isPrototypeOf')
  );
}

type Properties = Record<PropertyKey, unknown>;

/** The copies made for one call; each is made when its source is first found, and filled later. */
class PlainCopies {
  private readonly copies = new Map<object, object>();
  private readonly unfilled: object[] = [];

  of(source: object): object {
    let copy = this.copies.get(source);
    if (copy === undefined) {
      const prototype = Object.getPrototypeOf(source) as object | null;
      copy = Array.isArray(source)
        ? []
        : prototype === Object.prototype
          ? {}
          : (Object.create(prototype) as object);
      this.copies.set(source, copy);
      this.unfilled.push(source);
    }
    return copy;
  }

  fillAll(): void {
    for (let source = this.unfilled.pop(); source !== undefined; source = this.unfilled.pop()) {
      const copy = this.copies.get(source)!;
      if (!Array.isArray(source)) this.fillObject(source as Properties, copy as Properties);
      else if (!this.fillDense(source, copy as unknown[]))
        this.fillByKeys(source as never, copy as never);
    }
  }

  private valueOf(value: unknown): unknown {
    return isPlain(value) ? this.of(value) : value;
  }

  /** @returns false if the array has holes or names of its own */
  private fillDense(source: readonly unknown[], copy: unknown[]): boolean {
    const { length } = source;
    if (length <= FEW && Reflect.ownKeys(source).length !== length + 1) return false;
    for (let i = 0; i < length; i++) {
      const value = source[i];
      if (value === undefined && !(i in source)) return false;
      copy.push(this.valueOf(value));
    }
    return true;
  }

  private fillObject(source: Properties, copy: Properties): void {
    const keys = Object.keys(source);
    const isOrdinary =
      Object.getOwnPropertyNames(source).length === keys.length &&
      Object.getOwnPropertySymbols(source).length === 0;
    if (!isOrdinary) return this.fillByKeys(source, copy);
    for (const key of keys) this.set(source, copy, key);
  }

  /**
   * Copies symbols too. Properties that are not enumerable are no data but a library's own, such as
   * those of a React element, which work on that element only: they are kept as they are.
   */
  private fillByKeys(source: Properties, copy: Properties): void {
    for (const key of Reflect.ownKeys(source)) {
      if (Object.prototype.propertyIsEnumerable.call(source, key)) this.set(source, copy, key);
      else if (key === 'length' && Array.isArray(source)) copy.length = source.length;
      else Object.defineProperty(copy, key, Object.getOwnPropertyDescriptor(source, key)!);
    }
  }

  /** Reads the value as it is now; a getter that throws is left to the effect. */
  private set(source: Properties, copy: Properties, key: PropertyKey): void {
    let value: unknown;
    try {
      value = source[key];
    } catch {
      Object.defineProperty(copy, key, Object.getOwnPropertyDescriptor(source, key)!);
      return;
    }
    value = this.valueOf(value);
    if (key !== '__proto__') copy[key] = value;
    // An assignment would set the prototype.
    else
      Object.defineProperty(copy, key, {
        value,
        enumerable: true,
        writable: true,
        configurable: true,
      });
  }
}
