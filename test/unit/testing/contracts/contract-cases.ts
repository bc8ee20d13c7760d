/** A case of a contract, to be run by hand. */
export type Case = () => Promise<void>;

/**
 * The cases that a contract defines, by what they stand under: caught where it hands them to the
 * test runner's globals.
 */
export function casesOf(describing: () => void): ReadonlyMap<string, Case> {
  const cases = new Map<string, Case>();
  const above: string[] = [];
  const own = { describe: globalThis.describe, it: globalThis.it };
  const it = (name: string, body: Case): void =>
    void cases.set([...above.slice(1), name].join(' › '), body);
  const describe = (name: string, suite: () => void): void => {
    above.push(name);
    suite();
    above.pop();
  };
  Object.assign(globalThis, { describe, it: Object.assign(it, { skip: () => {} }) });
  try {
    describing();
  } finally {
    Object.assign(globalThis, own);
  }
  return cases;
}
