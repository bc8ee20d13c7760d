// eslint-disable-next-line @typescript-eslint/no-explicit-any -- it is handed on as it comes
type Method = (this: any, ...args: any[]) => unknown;

/** Number of applications that want a replacement, and the method that it replaced. */
interface Replaced {
  readonly original: Method;
  times: number;
}

/** Key of the state on a replaced method. Two installed copies recognise each other by it. */
const REPLACED = Symbol.for('nestjs-airlock.replaced');

/**
 * Replaces a method on the object that declares it, mostly the class of a peer. So it covers
 * objects that nobody hands to Airlock, such as those made later. All applications of a process
 * share the class: the method is replaced once, until each application has taken its replacement
 * back.
 *
 * @param prototype of the class, or of one derived from it
 * @param replace makes the replacement, which gets the object as `this`
 * @returns a function that takes the replacement back
 * @internal
 */
export function replaceOnClass(
  prototype: object,
  key: string,
  replace: (original: Method) => Method,
): () => void {
  const declarer = declarerOf(prototype, key);
  const state =
    (declarer[key] as { [REPLACED]?: Replaced })[REPLACED] ?? put(declarer, key, replace);
  state.times++;
  let isWanted = true;
  return () => {
    if (isWanted) state.times--;
    isWanted = false;
    const current = declarer[key] as { [REPLACED]?: Replaced };
    if (state.times === 0 && current[REPLACED] === state) define(declarer, key, state.original);
  };
}

function put(declarer: Declarer, key: string, replace: (original: Method) => Method): Replaced {
  const original = declarer[key]!;
  const state = { original, times: 0 };
  const replacement = replace(original);
  const { name, length } = original;
  const replaced: Method = function (...args) {
    // If somebody else has replaced the method in turn, this one has to stay.
    return (state.times > 0 ? replacement : original).apply(this, args);
  };
  Object.defineProperties(replaced, {
    name: { value: name },
    length: { value: length },
    [REPLACED]: { value: state },
  });
  define(declarer, key, replaced);
  return state;
}

type Declarer = Record<string, Method>;

function declarerOf(prototype: object, key: string): Declarer {
  let at: object | null = prototype;
  while (at !== null && !Object.hasOwn(at, key)) at = Object.getPrototypeOf(at) as object | null;
  return (at ?? prototype) as Declarer;
}

/** Defines a method as enumerable as it was: methods of a class are not. */
function define(declarer: Declarer, key: string, value: Method): void {
  Object.defineProperty(declarer, key, { value });
}
