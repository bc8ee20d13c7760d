import { readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';

export const root = resolve(__dirname, '../..');

/** Refuses a `dist/` that is missing or older than `lib/`, whose tests would speak of other code than the one at hand. */
export function refuseStaleBuild(): void {
  const changed = Math.max(...filesIn(join(root, 'lib')).map((file) => statSync(file).mtimeMs));
  for (const entry of ['dist/esm/index.js', 'dist/cjs/index.js', 'dist/cjs/package.json']) {
    const built = statSync(join(root, entry), { throwIfNoEntry: false });
    if (built === undefined) throw new Error(`${entry} is missing. Run \`npm run build\` first.`);
    if (built.mtimeMs < changed) throw new Error(`${entry} is older than lib/. Run \`npm run build\` first.`);
  }
}

/** Every file below a folder, as absolute paths. */
export function filesIn(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}
