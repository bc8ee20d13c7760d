import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { refuseStaleBuild, root } from './built.js';
import { run } from './run.js';

/**
 * A folder outside the repository, so that nothing resolves by accident through its `node_modules`.
 */
export function temporaryFolder(): string {
  return mkdtempSync(join(realpathSync(tmpdir()), 'nestjs-airlock-'));
}

/** Packs what `npm publish` would send, once in a run; returns the tarball's path. */
export function pack(): string {
  const shared = process.env['SHARED_BY_RUN']!;
  const packed = join(shared, 'nestjs-airlock.tgz');
  if (existsSync(packed)) return packed;
  refuseStaleBuild();
  const folder = mkdtempSync(join(shared, 'pack-'));
  const { status, said } = run('npm', ['pack', '--silent', '--pack-destination', folder], root);
  const [tarball] = readdirSync(folder).filter((name) => name.endsWith('.tgz'));
  if (status !== 0 || tarball === undefined) throw new Error(`npm pack failed:\n${said}`);
  // Whole from the start, also where other test files do the same at this time.
  renameSync(join(folder, tarball), packed);
  return packed;
}

/** The tarball and a folder for what installs it, while the tests of a file run. */
export class Packed {
  folder = '';
  tarball = '';

  constructor() {
    beforeAll(() => {
      this.folder = temporaryFolder();
      this.tarball = pack();
    }, 60_000);
    afterAll(() => rmSync(this.folder, { recursive: true, force: true }));
  }
}

/**
 * Unpacks the tarball as `<folder>/node_modules/nestjs-airlock`, where an installation would put
 * it.
 */
export function unpack(tarball: string, folder: string): string {
  const installed = join(folder, 'node_modules', 'nestjs-airlock');
  mkdirSync(join(folder, 'node_modules'), { recursive: true });
  const { status, said } = run('tar', ['-xzf', tarball], folder);
  if (status !== 0) throw new Error(`tar failed:\n${said}`);
  renameSync(join(folder, 'package'), installed);
  return installed;
}
