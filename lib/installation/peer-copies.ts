import { createRequire } from 'node:module';
import { join } from 'node:path';
import { location } from './location.js';

/** Files that a peer is looked up from: in a workspace they may see different installations. */
export const lookupPlaces = (): readonly string[] =>
  [location, process.argv[1], join(process.cwd(), 'index.js')].filter((file) => file !== undefined);

/**
 * Loads the copies of a peer that an application may use, where it has handed over none: one as ES
 * modules and one as CommonJS have classes of their own. None where it is not installed, or is part
 * of a bundle under another name.
 *
 * @param specifier as it is required
 * @param imported the same as `import`, where bundlers are to see it @default not imported
 * @internal
 */
export async function peerCopies<T extends object>(
  specifier: string,
  imported?: () => Promise<T>,
): Promise<readonly T[]> {
  const copies: (T | undefined)[] = [await imported?.().catch(() => undefined)];
  for (const file of lookupPlaces()) {
    try {
      copies.push(createRequire(file)(specifier) as T);
    } catch {
      // It is not installed there, or cannot be required.
    }
  }
  return copies.filter((copy) => copy !== undefined);
}
