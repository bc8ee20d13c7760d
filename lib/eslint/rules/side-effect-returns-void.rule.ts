import { Declarations } from '../declarations.js';
import { type FunctionNode, is, isFunction, nameOf, type Node, type NodeOf } from '../estree.js';
import {
  type AirlockRule,
  names,
  optionsOf,
  returnsIn,
  type RuleContext,
  type Suggestion,
  pageOf,
} from '../rule.js';

interface Options {
  readonly effectDecorators: readonly string[];
}

const NOTHING: readonly string[] = ['TSVoidKeyword', 'TSUndefinedKeyword', 'TSNeverKeyword'];
/** Expressions that have a value whatever stands in them. */
const VALUES: readonly string[] = [
  'ArrayExpression',
  'ArrowFunctionExpression',
  'BinaryExpression',
  'ClassExpression',
  'FunctionExpression',
  'Literal',
  'NewExpression',
  'ObjectExpression',
  'TemplateLiteral',
];

/** A call of such a method is buffered, so its caller never gets a result. @internal */
export const sideEffectReturnsVoid: AirlockRule = {
  meta: {
    type: 'problem',
    docs: {
      description: 'Let `@SideEffect()` methods return void or Promise<void>',
      recommended: true,
      url: pageOf('side-effect-returns-void'),
    },
    hasSuggestions: true,
    messages: {
      result:
        '`{{method}}` is an effect: its call is buffered, so nobody gets what it returns. Return `void` or `Promise<void>`, and pass results on by other means.',
      declare: 'Declare `{{type}}`',
    },
    schema: [
      { type: 'object', properties: { effectDecorators: names }, additionalProperties: false },
    ],
  },
  create(context: RuleContext) {
    const decorators = ['SideEffect', ...(optionsOf<Options>(context).effectDecorators ?? [])];
    const { sourceCode } = context;
    const declarations = new Declarations(sourceCode);

    /** The part of the method that says it has a result. */
    function resultOf(method: NodeOf<'MethodDefinition'>, fn: FunctionNode): Node | undefined {
      if (fn.generator) return method.key;
      const checked = declarations.checked?.resultOf(method);
      if (checked !== undefined) {
        return /^(void|undefined|never)( \| (void|undefined|never))*$/.test(checked)
          ? undefined
          : (fn.returnType ?? method.key);
      }
      const annotation = fn.returnType?.typeAnnotation;
      if (annotation !== undefined) return isNothing(annotation) ? undefined : fn.returnType;
      return returnsIn(fn.body, sourceCode).find(
        ({ argument }) => argument && VALUES.includes(argument.type),
      );
    }

    function isNothing(type: Node): boolean {
      if (NOTHING.includes(type.type)) return true;
      if (is(type, 'TSUnionType')) return type.types.every(isNothing);
      if (!is(type, 'TSTypeReference')) return false;
      const [argument] = type.typeArguments?.params ?? [];
      if (nameOf(type.typeName) === 'Promise') return argument !== undefined && isNothing(argument);
      const alias = is(type.typeName, 'Identifier')
        ? declarations.bindings.declarationOf(type.typeName)
        : undefined;
      return is(alias, 'TSTypeAliasDeclaration') && isNothing(alias.typeAnnotation);
    }

    /** The right annotation, where the body has no result anyway. */
    function declaring(fn: FunctionNode): readonly Suggestion[] {
      const { returnType, async, generator } = fn;
      if (returnType === undefined || generator) return [];
      if (returnsIn(fn.body, sourceCode).some(({ argument }) => argument)) return [];
      const type = async ? 'Promise<void>' : 'void';
      return [
        {
          messageId: 'declare',
          data: { type },
          fix: (fixer) => fixer.replaceTextRange(returnType.range, `: ${type}`),
        },
      ];
    }

    return {
      MethodDefinition(method: NodeOf<'MethodDefinition'>) {
        const fn = method.value;
        if (!isFunction(fn) || !declarations.isDecorated(method.decorators, decorators)) return;
        const node = resultOf(method, fn);
        if (node === undefined) return;
        const data = { method: nameOf(method.key) ?? sourceCode.getText(method.key) };
        context.report({ node, messageId: 'result', data, suggest: declaring(fn) });
      },
    };
  },
};
