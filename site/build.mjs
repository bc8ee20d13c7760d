// Builds the site of the pages into `site/dist`, or serves it while they are written (`--dev`).
import { rmSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { writeApi } from './api.mjs';

const folder = 'site/api';
rmSync(folder, { recursive: true, force: true });
console.log('Reading the doc comments …');
await writeApi(folder);
const command = process.argv.includes('--dev') ? 'dev' : 'build';
const { status } = spawnSync(
  process.execPath,
  ['node_modules/vitepress/bin/vitepress.js', command, 'site'],
  { stdio: 'inherit' },
);
if (status === 0) console.log('Built into site/dist. `npm run docs:preview` serves it.');
process.exitCode = status ?? 1;
