import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * The page with its script and style, as one HTML file. A build of the package has it in place of
 * this file (scripts/build.mjs); what runs on the sources reads where `scripts/inspector-page.mjs`
 * has put it.
 *
 * @internal
 */
export function builtPage(): string {
  return readFileSync(join(dirname(__filename), '../../../.cache/inspector.html'), 'utf8');
}
