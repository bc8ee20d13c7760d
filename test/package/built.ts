import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { node } from './run.js';

export const root = resolve(__dirname, '../..');

/** Asked once in a test file, as that takes a process. */
let isBuilt = false;

/**
 * Refuses a `dist/` that is missing or built from another `lib/`, whose tests would speak of other
 * code than the one at hand.
 */
export function refuseStaleBuild(): void {
  if (isBuilt) return;
  const { status } = node([join(root, 'scripts/build.mjs'), '--check'], root);
  if (status !== 0)
    throw new Error('dist/ is missing or was built from other sources. Run `npm run build` first.');
  isBuilt = true;
}

/** Every file below a folder, as absolute paths. */
export function filesIn(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}
