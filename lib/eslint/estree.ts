import type { TSESTree } from '@typescript-eslint/utils';

/**
 * A node of the syntax tree that `@typescript-eslint/parser` and oxlint build; other parsers leave
 * out decorators and the like, hence some `?? []`.
 *
 * @internal
 */
export type Node = TSESTree.Node;

type Optional = Node | null | undefined;

type Kinds = { [N in Node as `${N['type']}`]: N };

/** @internal */
export type NodeOf<T extends keyof Kinds> = Kinds[T];
/** @internal */
export type Call = NodeOf<'CallExpression'>;
/** @internal */
export type ClassNode = NodeOf<'ClassDeclaration' | 'ClassExpression'>;
/** @internal */
export type FunctionNode = NodeOf<
  'FunctionDeclaration' | 'FunctionExpression' | 'ArrowFunctionExpression'
>;

/** @internal */
export function is<T extends keyof Kinds>(
  node: Optional,
  ...types: readonly T[]
): node is NodeOf<T> {
  return node !== null && node !== undefined && (types as readonly string[]).includes(node.type);
}

/** @internal */
export function isFunction(node: Optional): node is FunctionNode {
  return is(node, 'FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression');
}

/** @internal */
export function isClass(node: Optional): node is ClassNode {
  return is(node, 'ClassDeclaration', 'ClassExpression');
}

/**
 * Strips from an expression what changes nothing at run time: casts, `!`, the wrapper of optional
 * chains.
 * @internal
 */
export function bare(node: Node): Node {
  return is(
    node,
    'ChainExpression',
    'TSNonNullExpression',
    'TSAsExpression',
    'TSSatisfiesExpression',
    'TSTypeAssertion',
  )
    ? bare(node.expression)
    : node;
}

/**
 * The text of a name: of an identifier, a `#private` one, a string as a key; the last one of
 * `a.b.c`.
 * @internal
 */
export function nameOf(node: Optional): string | undefined {
  if (is(node, 'Identifier')) return node.name;
  if (is(node, 'PrivateIdentifier')) return `#${node.name}`;
  if (is(node, 'Literal')) return typeof node.value === 'string' ? node.value : undefined;
  if (is(node, 'MemberExpression')) {
    return node.computed && !is(node.property, 'Literal') ? undefined : nameOf(node.property);
  }
  if (is(node, 'TSQualifiedName')) return nameOf(node.right);
  return undefined;
}

/** The name of the function or method that a call calls. @internal */
export function calledName(call: Call): string | undefined {
  return nameOf(bare(call.callee));
}

/** @internal */
export function* ancestorsOf(node: Node): Generator<Node> {
  for (let parent = node.parent; parent !== undefined && parent !== null; parent = parent.parent)
    yield parent;
}

/** The parent, not counting what `bare` strips. @internal */
export function bareParent(node: Node): Node | undefined {
  for (const parent of ancestorsOf(node)) if (bare(parent) === parent) return parent;
  return undefined;
}

/** `new Promise(…)`, which calls the function that it is given at once. @internal */
export function isNewPromise(node: Node): node is NodeOf<'NewExpression'> {
  return (
    is(node, 'NewExpression') && is(node.callee, 'Identifier') && node.callee.name === 'Promise'
  );
}
