import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { PGlite } from '@electric-sql/pglite';

const root = resolve(__dirname, '..');

/**
 * An empty database. Making its files takes most of the time of a start: they are made once and
 * kept.
 */
export function emptyPglite(): PGlite {
  const files = join(root, `.cache/pglite-${version()}.tar`);
  if (!existsSync(files)) make(files);
  return new PGlite({ loadDataDir: new Blob([readFileSync(files)]) });
}

/** Has applications of this test file start on such a database, where they make one anew. */
export function startPgliteEmpty(): void {
  jest.spyOn(PGlite, 'create').mockImplementation(async () => emptyPglite() as never);
}

function version(): string {
  const manifest = readFileSync(
    join(root, 'node_modules/@electric-sql/pglite/package.json'),
    'utf8',
  );
  return (JSON.parse(manifest) as { version: string }).version;
}

/** Put in place at once, as the other worker of Jest may do the same. */
function make(files: string): void {
  mkdirSync(join(root, '.cache'), { recursive: true });
  const script = `
    import { renameSync, writeFileSync } from 'node:fs';
    import { PGlite } from '@electric-sql/pglite';
    const [files] = process.argv.slice(1);
    const made = await (await PGlite.create()).dumpDataDir('none');
    writeFileSync(files + process.pid, Buffer.from(await made.arrayBuffer()));
    renameSync(files + process.pid, files);`;
  execFileSync(process.execPath, ['--input-type=module', '-e', script, files], { cwd: __dirname });
}
