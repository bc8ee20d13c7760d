import { isProxy } from 'node:util/types';

/** Marks of a mock function: of Jest and Vitest, of Sinon, of `node:test`. */
interface Marks {
  readonly _isMockFunction?: unknown;
  readonly isSinonProxy?: unknown;
  readonly mock?: { readonly constructor?: { readonly name?: unknown } };
}

/**
 * True for a spy or a mock of Jest, Vitest, Sinon or `node:test`. Marks are compared by value:
 * proxies of some libraries have whatever property is read.
 *
 * @internal
 */
export function isSpy(method: object): boolean {
  const { _isMockFunction, isSinonProxy, mock } = method as Marks;
  return (
    _isMockFunction === true ||
    isSinonProxy === true ||
    mock?.constructor?.name === 'MockFunctionContext'
  );
}

/**
 * True for what a test has put in the place of an object: a mock function, a literal that holds
 * some, an instance of a class that is one, or a proxy that makes one of whatever is read. False for
 * a real object that a test spies on.
 *
 * @internal
 */
export function isMock(object: object): boolean {
  try {
    if (isProxy(object)) return isMockFunction(Reflect.get(object, 'nestjs-airlock'));
    if (typeof object === 'function') return isSpy(object);
    return isMockFunction(object.constructor) || (isPlain(object) && holdsMocks(object));
  } catch {
    // Some proxies, which a literal may hold too, refuse to be read before there is an instance
    // behind them.
    return false;
  }
}

/** True also for a literal of literals, as a mock of a client with a property for each table. */
function holdsMocks(literal: object): boolean {
  return valuesIn(literal).some(
    (value) => isMockFunction(value) || (isPlain(value) && valuesIn(value).some(isMockFunction)),
  );
}

/** Runs no getter. */
function valuesIn(literal: object): readonly unknown[] {
  return Object.values(Object.getOwnPropertyDescriptors(literal)).map(
    ({ value }) => value as unknown,
  );
}

function isMockFunction(value: unknown): boolean {
  return typeof value === 'function' && isSpy(value);
}

function isPlain(value: unknown): value is object {
  if (typeof value !== 'object' || value === null || isProxy(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
