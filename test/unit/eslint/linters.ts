import { join } from 'node:path';
import * as parser from '@typescript-eslint/parser';
import { ESLint, RuleTester } from 'eslint';
import { ESLint as ESLint9, RuleTester as RuleTester9 } from 'eslint-9';
import plugin from '../../../lib/eslint/index.js';

export const fixtures = join(__dirname, 'fixtures');

/**
 * The versions of ESLint that the plugin supports. The older one's types differ in what the plugin
 * does not use.
 */
export const versions = [
  {
    name: 'ESLint 9',
    ESLint: ESLint9 as unknown as typeof ESLint,
    RuleTester: RuleTester9 as unknown as typeof RuleTester,
  },
  { name: 'ESLint 10', ESLint, RuleTester },
];

/** Whether the parser asks TypeScript for types. */
export const knowledge = [
  { name: 'without types', parserOptions: {}, filename: join(fixtures, 'case.ts') },
  {
    name: 'with types',
    // Under `CI=true` the parser would read files from the disk instead of the code of the case.
    parserOptions: {
      project: './tsconfig.json',
      tsconfigRootDir: fixtures,
      disallowAutomaticSingleRunInference: true,
    },
    filename: join(fixtures, 'case.ts'),
  },
];

export type RuleName = keyof typeof plugin.rules;

export interface Expected {
  readonly messageId: string;
  /** Parts of the message. */
  readonly data?: Readonly<Record<string, string>>;
  readonly line?: number;
  /** The whole code after the suggestion; absent where there is none. */
  readonly suggestion?: string;
}

interface Where {
  /** @default both */
  readonly types?: 'with' | 'without';
  readonly options?: object;
}

/** Runs one rule on a piece of code, in each version of ESLint, with types and without. */
export function linting(rule: RuleName) {
  const { messages } = plugin.rules[rule].meta;

  function run(code: string, errors: readonly Expected[], { types, options }: Where): void {
    for (const { name, RuleTester: Tester } of versions) {
      for (const { name: asked, parserOptions, filename } of knowledge) {
        if (types !== undefined && asked !== `${types} types`) continue;
        // Run here and now, in the test at hand.
        Tester.describe = (_: string, work: () => void) => work();
        Tester.it = (_: string, work: () => void) => work();
        const tester = new Tester({ languageOptions: { parser, parserOptions } });
        const subject = {
          code,
          filename,
          ...(options === undefined ? {} : { options: [options] }),
        };
        const invalid = {
          ...subject,
          errors: errors.map(({ messageId, data, line, suggestion }) => ({
            messageId,
            ...(data && { data: data as Record<string, string> }),
            ...(line && { line }),
            ...(suggestion !== undefined && {
              suggestions: [{ messageId: Object.keys(messages).at(-1)!, output: suggestion }],
            }),
          })),
        };
        try {
          tester.run(rule, plugin.rules[rule], {
            valid: errors.length === 0 ? [subject] : [],
            invalid: errors.length === 0 ? [] : [invalid],
          });
        } catch (error) {
          (error as Error).message = `${name}, ${asked}: ${(error as Error).message}`;
          throw error;
        }
      }
    }
  }

  return {
    accepts: (code: string, where: Where = {}): void => run(code, [], where),
    reports: (code: string, errors: readonly Expected[], where: Where = {}): void =>
      run(code, errors, where),
  };
}
