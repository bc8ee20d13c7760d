import { join } from 'node:path';
import * as parser from '@typescript-eslint/parser';
import { ESLint, Linter, RuleTester } from 'eslint';
import { ESLint as ESLint9, Linter as Linter9, RuleTester as RuleTester9 } from 'eslint-9';
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
    linter: new Linter9({ cwd: fixtures }) as unknown as Linter,
  },
  { name: 'ESLint 10', ESLint, RuleTester, linter: new Linter({ cwd: fixtures }) },
];

/** The file that a case takes the place of. */
export const filename = join(fixtures, 'case.ts');

/** Has the parser ask TypeScript for types. */
export const typed = {
  parser,
  parserOptions: {
    project: './tsconfig.json',
    tsconfigRootDir: fixtures,
    // Under `CI=true` the parser would read files from the disk instead of the code of the case.
    disallowAutomaticSingleRunInference: true,
  },
};

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
  const run = (code: string, errors: readonly Expected[], where: Where): void => {
    for (const version of versions) {
      try {
        if (where.types !== 'with') runWithoutTypes(version, rule, code, errors, where);
        if (where.types !== 'without') runWithTypes(version, rule, code, errors, where);
      } catch (error) {
        (error as Error).message = `${version.name}: ${(error as Error).message}`;
        throw error;
      }
    }
  };
  return {
    accepts: (code: string, where: Where = {}): void => run(code, [], where),
    reports: (code: string, errors: readonly Expected[], where: Where = {}): void =>
      run(code, errors, where),
  };
}

type Run = (
  version: (typeof versions)[number],
  rule: RuleName,
  code: string,
  errors: readonly Expected[],
  where: Where,
) => void;

const runWithoutTypes: Run = ({ RuleTester: Tester }, rule, code, errors, { options }) => {
  // Run here and now, in the test at hand.
  Tester.describe = (_: string, work: () => void) => work();
  Tester.it = (_: string, work: () => void) => work();
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
        suggestions: [{ messageId: suggestionOf(rule), output: suggestion }],
      }),
    })),
  };
  new Tester({ languageOptions: { parser } }).run(rule, plugin.rules[rule], {
    valid: errors.length === 0 ? [subject] : [],
    invalid: errors.length === 0 ? [] : [invalid],
  });
};

/**
 * Expects the same as `RuleTester`, which would have TypeScript make a program of each suggestion
 * as well, and of the code once more after it.
 */
const runWithTypes: Run = ({ linter }, rule, code, errors, { options }) => {
  const config: Linter.Config = {
    files: ['**/*.ts'],
    languageOptions: typed,
    plugins: { airlock: plugin },
    rules: { [`airlock/${rule}`]: options === undefined ? 'error' : ['error', options] },
  };
  const found = linter.verify(code, config, { filename });
  const { messages } = plugin.rules[rule].meta;
  expect(
    found.map(({ messageId, message, line, suggestions = [] }) => ({
      messageId: messageId ?? message,
      message,
      line,
      suggestions: suggestions.map(({ messageId: how, fix }) => [
        how,
        code.slice(0, fix.range[0]) + fix.text + code.slice(fix.range[1]),
      ]),
    })),
  ).toEqual(
    errors.map(({ messageId, data, line, suggestion }) => ({
      messageId,
      message: data
        ? filledIn((messages as Record<string, string>)[messageId]!, data)
        : expect.not.stringContaining('{{'),
      line: line ?? expect.any(Number),
      suggestions: suggestion === undefined ? [] : [[suggestionOf(rule), suggestion]],
    })),
  );
};

function suggestionOf(rule: RuleName): string {
  return Object.keys(plugin.rules[rule].meta.messages).at(-1)!;
}

function filledIn(message: string, data: Readonly<Record<string, string>>): string {
  return message.replaceAll(/\{\{\s*(\w+)\s*\}\}/g, (_, key: string) => data[key]!);
}
