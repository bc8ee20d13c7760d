/**
 * Key on the prototype of a class for the number of applications that want it tracked. Two
 * installed copies recognise each other by it.
 */
const WANTED = Symbol.for('nestjs-airlock.mikro-orm.tracked');

type Prototype = { [WANTED]?: number };

/**
 * Marks a class of connections as tracked: tracked and other classes share the methods that begin
 * and end transactions.
 *
 * @returns a function that takes the mark back
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

/** Ignores the number of a base class, which is another database's. */
function wantedOf(prototype: Prototype): number {
  return Object.hasOwn(prototype, WANTED) ? prototype[WANTED]! : 0;
}
