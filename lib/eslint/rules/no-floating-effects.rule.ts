import { AwaitPaths } from '../await-paths.js';
import { Declarations } from '../declarations.js';
import { Effects } from '../effects.js';
import {
  ancestorsOf,
  bare,
  type Call,
  calledName,
  type FunctionNode,
  is,
  isFunction,
  type Node,
  type NodeOf,
} from '../estree.js';
import {
  type AirlockRule,
  excerpt,
  returnsIn,
  type RuleContext,
  type Suggestion,
  pageOf,
} from '../rule.js';

/** Methods of arrays that throw away, or pass on, the promises that a callback returns. */
const ITERATIONS: readonly string[] = ['forEach', 'map'];
const COMBINATORS: readonly string[] = ['all', 'allSettled', 'any', 'race'];
const CHAINS: readonly string[] = ['then', 'catch', 'finally'];

/**
 * Promises that nobody waits for and that call effects after they first waited for something
 * themselves. By then the scope may have ended, and what is called then does not get out (rule 3).
 *
 * @internal
 */
export const noFloatingEffects: AirlockRule = {
  meta: {
    type: 'problem',
    docs: {
      description: 'Wait for whatever calls effects later on',
      recommended: true,
      url: pageOf('no-floating-effects'),
    },
    hasSuggestions: true,
    messages: {
      floating:
        'Nobody waits for `{{call}}`, which calls an effect after an `await`. If the scope has ended by then, the effect does not get out. Await or return it, or give it a scope of its own with `@Airlock()`.',
      await: 'Await it',
    },
    schema: [],
  },
  create(context: RuleContext) {
    const { sourceCode } = context;
    const declarations = new Declarations(sourceCode);
    const paths = new AwaitPaths(sourceCode);
    const effects = new Effects(declarations, paths.callsAfterAwait);
    const discarded: (readonly [whole: Node, expression: Node])[] = [];

    /**
     * The outermost calls in an expression that make it call effects late, given that nobody waits
     * for it.
     */
    function late(expression: Node): readonly Node[] {
      const node = bare(expression);
      if (is(node, 'LogicalExpression')) return late(node.right);
      if (is(node, 'ConditionalExpression'))
        return [...late(node.consequent), ...late(node.alternate)];
      if (is(node, 'SequenceExpression')) return node.expressions.flatMap(late);
      if (is(node, 'ArrayExpression'))
        return node.elements.flatMap((element) => (element ? late(element) : []));
      if (!is(node, 'CallExpression')) return [];
      const name = calledName(node) ?? '';
      const callee = bare(node.callee);
      const object = is(callee, 'MemberExpression') ? callee.object : undefined;
      if (object !== undefined && CHAINS.includes(name)) {
        const inner = late(object);
        return inner.length > 0
          ? inner
          : callbacks(node).some((fn) => effects.timingOfFunction(fn) !== 'none')
            ? [node]
            : [];
      }
      if (COMBINATORS.includes(name) && is(object, 'Identifier') && object.name === 'Promise')
        return node.arguments.flatMap(late);
      if (ITERATIONS.includes(name)) return callbacks(node).some(returnsLate) ? [node] : [];
      return effects.timingOfCall(node) === 'late' && returnsPromise(node) ? [node] : [];
    }

    /** True if the promise that a callback returns is one of those. */
    function returnsLate(fn: FunctionNode): boolean {
      if (fn.async) return effects.timingOfFunction(fn) === 'late';
      const results = is(fn.body, 'BlockStatement')
        ? returnsIn(fn.body, sourceCode).map(({ argument }) => argument)
        : [fn.body];
      return results.some((result) => result && late(result).length > 0);
    }

    function returnsPromise(call: Call): boolean {
      if (declarations.checked?.isPromise(call) === true) return true;
      const fn = declarations.functionOf(call.callee);
      if (fn === undefined || fn.generator) return false;
      if (fn.async) return true;
      if (fn.returnType !== undefined)
        return declarations.typesIn(fn.returnType)?.includes('Promise') === true;
      // It calls effects late, so what it returns is most likely what it does that by.
      return (
        is(fn.body, 'CallExpression') ||
        returnsIn(fn.body, sourceCode).some(({ argument }) => is(argument, 'CallExpression'))
      );
    }

    function check(whole: Node, expression: Node): void {
      for (const call of late(expression)) {
        const data = { call: excerpt(sourceCode.getText(call)) };
        context.report({
          node: call,
          messageId: 'floating',
          data,
          suggest: awaiting(whole, expression),
        });
      }
    }

    /** `await` in its place, where an `await` may stand and would wait for the right thing. */
    function awaiting(whole: Node, expression: Node): readonly Suggestion[] {
      const around = [...ancestorsOf(whole)].find(isFunction);
      if (around?.async !== true || !is(expression, 'CallExpression')) return [];
      if (ITERATIONS.includes(calledName(expression) ?? '')) return [];
      const text = `await ${sourceCode.getText(expression)}`;
      return [{ messageId: 'await', fix: (fixer) => fixer.replaceTextRange(whole.range, text) }];
    }

    return {
      ...paths.listeners,
      ExpressionStatement({ expression }: NodeOf<'ExpressionStatement'>) {
        if (!is(expression, 'UnaryExpression')) discarded.push([expression, expression]);
      },
      UnaryExpression(node: NodeOf<'UnaryExpression'>) {
        if (node.operator === 'void') discarded.push([node, node.argument]);
      },
      'Program:exit'() {
        for (const [whole, expression] of discarded) check(whole, expression);
      },
    };
  },
};

function callbacks(call: Call): readonly FunctionNode[] {
  return call.arguments.flatMap((argument) => (isFunction(argument) ? [argument] : []));
}
