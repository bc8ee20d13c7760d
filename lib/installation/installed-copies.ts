import { TwoCopiesError } from '../errors/two-copies.error.js';
import { root } from './location.js';

const COPIES = Symbol.for('nestjs-airlock.copies');

/**
 * The folders of all copies that were loaded in this process. The one thing they share: each has
 * scopes of its own.
 */
const copies = ((globalThis as { [COPIES]?: Set<string> })[COPIES] ??= new Set());
if (root !== undefined) copies.add(root);

/**
 * Refuses to go on where another installed copy of this package is loaded too: neither sees the
 * scopes and transactions of the other. One installation that is loaded twice, as after
 * `jest.resetModules()`, is one copy.
 *
 * @throws TwoCopiesError
 * @internal
 */
export function refuseOtherCopies(): void {
  if (copies.size > 1) throw new TwoCopiesError([...copies]);
}
