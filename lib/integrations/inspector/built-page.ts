import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * Returns the page with its script and style, as one HTML file. In a build of the package the page
 * takes the place of this file (scripts/build.mjs). Code that runs on the sources reads the file
 * that `scripts/inspector-page.mjs` has written.
 *
 * @internal
 */
export function builtPage(): string {
  return readFileSync(join(dirname(__filename), '../../../.cache/inspector.html'), 'utf8');
}
