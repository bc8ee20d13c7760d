import { Linter, type Rule } from 'eslint';
import { AwaitPaths } from '../../../lib/eslint/await-paths.js';
import { Declarations } from '../../../lib/eslint/declarations.js';
import { Effects } from '../../../lib/eslint/effects.js';
import { EffectsElsewhere } from '../../../lib/eslint/effects-elsewhere.js';
import { type Call, type FunctionNode, is } from '../../../lib/eslint/estree.js';
import { nodesIn, type SourceCode } from '../../../lib/eslint/rule.js';
import type { Timing } from '../../../lib/eslint/timing.js';
import { filename, fixtures, typed } from './linters.js';

/**
 * When a function calls effects, as the file at hand has it, and as it would be told from another
 * file.
 */
export type Timings = Record<'here' | 'elsewhere', Timing>;

/** The timings of the function `g` of a piece of code, which calls it. */
export function timingsOf(code: string): Timings {
  let found: Timings | undefined;
  const probe: Rule.RuleModule = {
    create(context) {
      const sourceCode = context.sourceCode as unknown as SourceCode;
      const paths = new AwaitPaths(sourceCode);
      return {
        ...(paths.listeners as unknown as Rule.RuleListener),
        'Program:exit'() {
          const declarations = new Declarations(sourceCode);
          const nodes = [...nodesIn(sourceCode.ast, sourceCode)];
          const fn = nodes.find(
            (node) => is(node, 'FunctionDeclaration') && node.id?.name === 'g',
          ) as FunctionNode;
          const call = nodes.findLast((node) => is(node, 'CallExpression')) as Call;
          found = {
            here: new Effects(declarations, paths.callsAfterAwait).timingOfFunction(fn),
            elsewhere: new EffectsElsewhere(declarations.checked!).timingOfCall(call),
          };
        },
      };
    },
  };
  const messages = new Linter({ cwd: fixtures }).verify(
    code,
    {
      files: ['**/*.ts'],
      languageOptions: typed,
      plugins: { probe: { rules: { probe } } },
      rules: { 'probe/probe': 'error' },
    },
    { filename },
  );
  if (found === undefined)
    throw new Error(messages.map(({ message }) => message).join('\n') || 'There is no `g`.');
  return found;
}
