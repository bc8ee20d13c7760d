// The crash test (test/crash): processes are killed, and servers killed, frozen and failed over, under load, on PostgreSQL and Redis of its
// own. `CRASH_KILLS` and `CRASH_OUTAGES` say how often, `CRASH_SEED` which.
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { transformFileSync } from '@swc/core';

// A build of this run's own, which nothing that is built meanwhile pulls from under its processes.
mkdirSync('.cache', { recursive: true });
const build = mkdtempSync(resolve('.cache/crash-'));
process.on('exit', () => rmSync(build, { recursive: true, force: true }));

const jsc = {
  target: 'es2022',
  parser: { syntax: 'typescript', decorators: true },
  transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
  keepClassNames: true,
};
for (const folder of ['lib', 'test/crash', 'test/integrations/pg', 'test/own-servers']) {
  for (const name of readdirSync(folder, { recursive: true })) {
    if (!/(?<!\.spec)\.ts$/.test(name)) continue;
    const { code } = transformFileSync(join(folder, name), { swcrc: false, jsc, module: { type: 'es6' } });
    const target = join(build, folder, name.replace(/\.ts$/, '.js'));
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, code);
  }
}
const exports = { '.': './lib/index.js', './*': './lib/integrations/*/index.js' };
writeFileSync(join(build, 'package.json'), JSON.stringify({ name: 'nestjs-airlock', type: 'module', exports }));

await import(pathToFileURL(join(build, 'test/crash/main.js')));
