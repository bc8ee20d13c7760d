import { relative } from 'node:path';
import * as parser from '@typescript-eslint/parser';
import type { ESLint } from 'eslint';
import { configs, meta } from '../../../lib/eslint/index.js';

/** What a linter says, as `orders.service.ts:30 no-direct-dispatch`. */
export type Findings = readonly string[];

export function finding(folder: string, path: string, line: number, rule: string): string {
  return `${relative(folder, path)}:${line} ${rule}`;
}

/** What the recommended rules find in a folder. */
export async function lintFolder(
  Version: typeof ESLint,
  folder: string,
  parserOptions: object,
  ignores: readonly string[] = [],
): Promise<Findings> {
  const eslint = new Version({
    cwd: folder,
    overrideConfigFile: true,
    overrideConfig: [
      { files: ['**/*.ts'], ignores: [...ignores], languageOptions: { parser, parserOptions } },
      { files: ['**/*.ts'], ignores: [...ignores], ...configs.recommended },
    ],
  });
  const results = await eslint.lintFiles(['.']);
  return results.flatMap(({ filePath, messages }) =>
    // A message without a rule is a file that could not be read.
    messages.map(({ line, ruleId, message }) =>
      finding(folder, filePath, line, ruleId?.replace(`${meta.name}/`, '') ?? message),
    ),
  );
}

/** What is wrong in `fixtures/dirty`. */
export const dirt: Findings = [
  'audit.service.ts:11 no-enqueue-in-policy',
  'audit.service.ts:16 no-enqueue-in-policy',
  'mail.service.ts:12 side-effect-returns-void',
  'mail.service.ts:19 no-direct-dispatch',
  'orders.service.ts:30 no-direct-dispatch',
  'orders.service.ts:31 no-direct-dispatch',
  'orders.service.ts:32 no-direct-dispatch',
  'orders.service.ts:33 no-direct-dispatch',
  'orders.service.ts:34 no-direct-dispatch',
  'orders.service.ts:46 no-io-in-transaction',
  'orders.service.ts:47 no-io-in-transaction',
  'orders.service.ts:53 no-floating-effects',
];
