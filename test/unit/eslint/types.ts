import type { ESLint, Linter } from 'eslint';
import type { ESLint as ESLint9, Linter as Linter9 } from 'eslint-9';
import plugin, { configs } from '../../../lib/eslint/index.js';

/** What the types of both versions of ESLint take; that it compiles is the test. */
export const types: [ESLint.Plugin, ESLint9.Plugin, Linter.Config[], Linter9.Config[]] = [
  plugin,
  plugin,
  [
    configs.recommended,
    { files: ['**/*.ts'], ...configs.recommended },
    { plugins: { airlock: plugin } },
  ],
  [
    configs.recommended,
    { files: ['**/*.ts'], ...configs.recommended },
    { plugins: { airlock: plugin } },
  ],
];
