// Both builds: ESM, and CommonJS for those who cannot load it.
import { execFileSync } from 'node:child_process';
import { renameSync, rmSync, writeFileSync } from 'node:fs';

const tsc = (...args) =>
  execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', ...args], { stdio: 'inherit' });

// Built aside and put in place at the end, so that what runs on the last build is not pulled from under it.
rmSync('dist/next', { recursive: true, force: true });
tsc('-p', 'tsconfig.build.json', '--outDir', 'dist/next/esm');
tsc('-p', 'tsconfig.build.json', '--outDir', 'dist/next/cjs', '--module', 'commonjs', '--moduleResolution', 'bundler');
writeFileSync('dist/next/cjs/package.json', '{ "type": "commonjs" }\n');
for (const format of ['esm', 'cjs']) {
  rmSync(`dist/${format}`, { recursive: true, force: true });
  renameSync(`dist/next/${format}`, `dist/${format}`);
}
rmSync('dist/next', { recursive: true });
