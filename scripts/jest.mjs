import { spawnSync } from 'node:child_process';

/**
 * Runs Jest as `npm run jest` does.
 *
 * @returns its exit status
 */
export function jest(args, options = { stdio: 'inherit' }) {
  const { status } = spawnSync(
    process.execPath,
    [
      '--experimental-vm-modules',
      '--disable-warning=ExperimentalWarning',
      'node_modules/jest/bin/jest.js',
      ...args,
    ],
    options,
  );
  return status;
}
