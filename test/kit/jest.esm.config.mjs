import { fileURLToPath } from 'node:url';
import config from '../../jest.config.mjs';

const [{ transform, ...base }] = config.projects;
const [[files, [compiler, options]]] = Object.entries(transform);

/**
 * The kit's specs under Jest with native ES modules: to be run with `--experimental-vm-modules`.
 */
export default {
  ...base,
  rootDir: fileURLToPath(new URL('../..', import.meta.url)),
  testMatch: [
    '<rootDir>/test/unit/testing/**/*.spec.ts',
    '<rootDir>/test/kit/jest-globals.spec.ts',
  ],
  testPathIgnorePatterns: [...base.testPathIgnorePatterns, 'other-runners\\.spec\\.ts$'],
  testTimeout: 20_000,
  extensionsToTreatAsEsm: ['.ts'],
  transform: { [files]: [compiler, { ...options, module: { type: 'es6' } }] },
  transformIgnorePatterns: ['/node_modules/'],
};
