import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { transformFileSync } from '@swc/core';

const jsc = {
  target: 'es2022',
  parser: { syntax: 'typescript', decorators: true },
  transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
  keepClassNames: true,
};

/**
 * Makes a build for one run, which other builds leave alone, and which is removed with it.
 *
 * @param paths folders, and single files
 * @returns its folder
 */
export function builtForRun(name, paths) {
  mkdirSync('.cache', { recursive: true });
  const build = mkdtempSync(resolve(`.cache/${name}-`));
  process.on('exit', () => rmSync(build, { recursive: true, force: true }));
  for (const file of paths.flatMap(filesOf)) {
    if (!/(?<!\.spec)\.ts$/.test(file)) continue;
    const { code } = transformFileSync(file, { swcrc: false, jsc, module: { type: 'es6' } });
    const target = join(build, file.replace(/\.ts$/, '.js'));
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, code);
  }
  const exports = { '.': './lib/index.js', './*': './lib/integrations/*/index.js' };
  writeFileSync(
    join(build, 'package.json'),
    JSON.stringify({ name: 'nestjs-airlock', type: 'module', exports }),
  );
  return build;
}

function filesOf(path) {
  if (path.endsWith('.ts')) return [path];
  return readdirSync(path, { recursive: true }).map((file) => join(path, file));
}
