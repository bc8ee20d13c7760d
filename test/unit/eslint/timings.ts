import * as parser from '@typescript-eslint/parser';
import { Linter, type Rule } from 'eslint';
import { Declarations } from '../../../lib/eslint/declarations.js';
import { EffectTimings, type Timing } from '../../../lib/eslint/effect-timing.js';
import type { Node } from '../../../lib/eslint/estree.js';
import { EstreeTree } from '../../../lib/eslint/estree.tree.js';
import type { SourceCode } from '../../../lib/eslint/rule.js';
import { TypeScriptTree } from '../../../lib/eslint/typescript.tree.js';
import { fixtures, knowledge } from './linters.js';

export type Timings = Record<'ESTree' | 'TypeScript', Timing>;

/** When the function `g` of a piece of code calls effects, as each of the two syntax trees has it. */
export function timingsOf(code: string): Timings {
  let found: Timings | undefined;
  const probe: Rule.RuleModule = {
    create: ({ sourceCode }) => ({
      'FunctionDeclaration[id.name="g"]'(estree: unknown) {
        const fn = estree as Node;
        const declarations = new Declarations(sourceCode as unknown as SourceCode);
        const types = declarations.checked!;
        found = {
          ESTree: new EffectTimings(new EstreeTree(declarations)).timingOf(fn),
          TypeScript: new EffectTimings(new TypeScriptTree(types)).timingOf(types.tsNode(fn)),
        };
      },
    }),
  };
  const { parserOptions, filename } = knowledge[1]!;
  const messages = new Linter({ cwd: fixtures }).verify(
    code,
    {
      files: ['**/*.ts'],
      languageOptions: { parser, parserOptions },
      plugins: { probe: { rules: { probe } } },
      rules: { 'probe/probe': 'error' },
    },
    { filename },
  );
  if (found === undefined) throw new Error(messages.map(({ message }) => message).join('\n') || 'There is no `g`.');
  return found;
}
