/**
 * The key, on the prototype of a class, of how many want it tracked; two installed copies recognise
 * each other.
 */
const WANTED = Symbol.for('nestjs-airlock.mikro-orm.tracked');

type Prototype = { [WANTED]?: number };

/**
 * Classes of connections share the methods that begin and end transactions: this tells those that
 * are tracked from all others.
 *
 * @returns takes it back
 * @internal
 */
export function wantTracked(prototype: Prototype): () => void {
  add(prototype, 1);
  let isWanted = true;
  return () => {
    if (isWanted) add(prototype, -1);
    isWanted = false;
  };
}

/** @internal */
export function isTracked(connection: object): boolean {
  return wantedOf(Object.getPrototypeOf(connection) as Prototype) > 0;
}

function add(prototype: Prototype, times: number): void {
  Object.defineProperty(prototype, WANTED, {
    value: wantedOf(prototype) + times,
    configurable: true,
  });
}

/** Ignores that of a class it is derived from, which is another database's. */
function wantedOf(prototype: Prototype): number {
  return Object.hasOwn(prototype, WANTED) ? prototype[WANTED]! : 0;
}
