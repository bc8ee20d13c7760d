/** A kind of server that a test starts itself. */
interface OwnKind {
  readonly name: string;
  readonly program: string | undefined;
}

/**
 * A suite that starts servers itself. Where the programs are not installed it is skipped, and its
 * name says so.
 */
export function describeWithOwn(kinds: readonly OwnKind[], title: string, suite: () => void): void {
  const missing = kinds
    .filter(({ program }) => program === undefined)
    .map(({ name }) => name.replace('Own', ''));
  if (missing.length === 0) return describe(title, suite);
  skipped(`${title} (skipped: no program of ${missing.join(' and ')} is installed)`, suite);
}

const skipped = describe.skip;
