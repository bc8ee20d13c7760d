// Makes the client of schema.prisma. Nothing is downloaded: `prisma generate` looks for the engine
// that only migrations need, and takes any file for it. Tables are made by database/schema.ts;
// where there are migrations, the engine is needed.
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const prisma = join(
  dirname(createRequire(import.meta.url).resolve('prisma/package.json')),
  'build/index.js',
);
const { status } = spawnSync(process.execPath, [prisma, 'generate', '--no-hints'], {
  cwd: import.meta.dirname,
  env: { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: process.execPath, CHECKPOINT_DISABLE: '1' },
  stdio: 'inherit',
});
process.exit(status ?? 1);
