// eslint-disable-next-line @typescript-eslint/no-explicit-any -- it is handed on as it comes
type Method = (this: any, ...args: any[]) => unknown;

/** Count of those who want a replacement, and the method it has replaced. */
interface Replaced {
  readonly original: Method;
  times: number;
}

/** The key of that on a method that was replaced; two installed copies recognise each other. */
const REPLACED = Symbol.for('nestjs-airlock.replaced');

/**
 * Replaces a method on whatever declares it, as a rule the class of a peer: for objects of the
 * class that nobody hands to us, such as those made later. All applications of a process share the
 * class: it is replaced once, until each that wanted it has taken it back.
 *
 * @param prototype of the class, or of one derived from it
 * @param replace makes the replacement, which gets the object as `this`
 * @returns takes it back
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
    // Where others have replaced it in turn, it cannot be taken away.
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

/** Defines a method as it was declared: not enumerable in a class. */
function define(declarer: Declarer, key: string, value: Method): void {
  Object.defineProperty(declarer, key, { value });
}
