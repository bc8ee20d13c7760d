/**
 * What the rules read of a syntax tree: ESTree with TypeScript's nodes, as `@typescript-eslint/parser` and oxlint build it.
 * Written out here so that the plugin needs neither of them; another parser's tree lacks some fields, hence the many `?`.
 *
 * @internal
 */
export interface Node {
  readonly type: string;
  readonly range: readonly [start: number, end: number];
  readonly loc: { readonly start: { readonly line: number } };
  readonly parent?: Node;
}

type Optional = Node | null | undefined;

interface Decorated {
  readonly decorators?: readonly NodeOf<'Decorator'>[];
}

interface FunctionShape {
  readonly id?: Optional;
  readonly params: readonly Node[];
  readonly body: Node;
  readonly async: boolean;
  readonly generator: boolean;
  readonly returnType?: NodeOf<'TSTypeAnnotation'>;
}

interface ClassShape extends Decorated {
  readonly id?: NodeOf<'Identifier'> | null;
  readonly superClass: Node | null;
  readonly body: { readonly body: readonly Node[] };
  readonly implements?: readonly { readonly expression: Node }[];
}

interface MethodShape extends Decorated {
  readonly key: Node;
  readonly kind: string;
  readonly accessibility?: string;
  readonly static: boolean;
  readonly value: NodeOf<'FunctionExpression'>;
}

interface FieldShape extends Decorated {
  readonly key: Node;
  readonly accessibility?: string;
  readonly static: boolean;
  readonly value: Node | null;
  readonly typeAnnotation?: NodeOf<'TSTypeAnnotation'>;
}

interface CallShape {
  readonly callee: Node;
  readonly arguments: readonly Node[];
}

interface JumpShape {
  readonly label: NodeOf<'Identifier'> | null;
}

/** Of all loops; none has all of these. */
interface LoopShape {
  readonly init?: Optional;
  readonly left?: Node;
  readonly right?: Node;
  readonly test?: Optional;
  readonly update?: Optional;
  readonly body: Node;
}

interface CastShape {
  readonly expression: Node;
  readonly typeAnnotation: Node;
}

interface Shapes {
  ArrayExpression: { readonly elements: readonly Optional[] };
  ArrowFunctionExpression: FunctionShape;
  AssignmentPattern: { readonly left: Node; readonly right: Node };
  AwaitExpression: { readonly argument: Node };
  CallExpression: CallShape & {
    readonly optional: boolean;
    readonly typeArguments?: { readonly params: readonly Node[] };
  };
  BlockStatement: { readonly body: readonly Node[] };
  BreakStatement: JumpShape;
  ChainExpression: { readonly expression: Node };
  ClassDeclaration: ClassShape;
  ClassExpression: ClassShape;
  ConditionalExpression: { readonly test: Node; readonly consequent: Node; readonly alternate: Node };
  ContinueStatement: JumpShape;
  Decorator: { readonly expression: Node };
  DoWhileStatement: LoopShape;
  ExpressionStatement: { readonly expression: Node };
  ForInStatement: LoopShape;
  ForOfStatement: LoopShape & { readonly await: boolean };
  ForStatement: LoopShape;
  FunctionDeclaration: FunctionShape;
  FunctionExpression: FunctionShape;
  Identifier: Decorated & { readonly name: string; readonly typeAnnotation?: NodeOf<'TSTypeAnnotation'> };
  IfStatement: { readonly test: Node; readonly consequent: Node; readonly alternate: Optional };
  ImportDeclaration: { readonly source: NodeOf<'Literal'> };
  ImportSpecifier: { readonly imported: Node };
  LabeledStatement: { readonly label: NodeOf<'Identifier'>; readonly body: Node };
  Literal: { readonly value: unknown };
  LogicalExpression: { readonly right: Node };
  MemberExpression: {
    readonly object: Node;
    readonly property: Node;
    readonly computed: boolean;
    readonly optional: boolean;
  };
  MethodDefinition: MethodShape;
  NewExpression: CallShape;
  ObjectExpression: { readonly properties: readonly Node[] };
  ObjectPattern: { readonly properties: readonly Node[]; readonly typeAnnotation?: NodeOf<'TSTypeAnnotation'> };
  PrivateIdentifier: { readonly name: string };
  Property: { readonly key: Node; readonly value: Node };
  PropertyDefinition: FieldShape;
  ReturnStatement: { readonly argument: Optional };
  SequenceExpression: { readonly expressions: readonly Node[] };
  SwitchStatement: {
    readonly discriminant: Node;
    readonly cases: readonly { readonly test: Optional; readonly consequent: readonly Node[] }[];
  };
  ThrowStatement: { readonly argument: Node };
  TryStatement: { readonly block: Node; readonly handler: Optional; readonly finalizer: Optional };
  TSAbstractPropertyDefinition: FieldShape;
  TSAsExpression: CastShape;
  TSImportType: { readonly qualifier: Optional };
  TSInterfaceDeclaration: {
    readonly id: NodeOf<'Identifier'>;
    readonly extends: readonly { readonly expression: Node }[];
  };
  TSIntersectionType: { readonly types: readonly Node[] };
  TSNonNullExpression: { readonly expression: Node };
  TSParameterProperty: Decorated & { readonly parameter: Node; readonly accessibility?: string };
  TSQualifiedName: { readonly right: Node };
  TSSatisfiesExpression: CastShape;
  TSTypeAliasDeclaration: { readonly typeAnnotation: Node };
  TSTypeAnnotation: { readonly typeAnnotation: Node };
  TSTypeAssertion: CastShape;
  TSTypeReference: { readonly typeName: Node; readonly typeArguments?: { readonly params: readonly Node[] } };
  TSUnionType: { readonly types: readonly Node[] };
  UnaryExpression: { readonly operator: string; readonly argument: Node };
  VariableDeclaration: { readonly kind: string };
  VariableDeclarator: { readonly id: Node; readonly init: Optional };
  WhileStatement: LoopShape;
  YieldExpression: { readonly argument: Optional };
}

/** @internal */
export type NodeOf<T extends keyof Shapes> = { [K in T]: Node & { readonly type: K } & Shapes[K] }[T];
/** @internal */
export type Call = NodeOf<'CallExpression'>;
/** @internal */
export type ClassNode = NodeOf<'ClassDeclaration' | 'ClassExpression'>;
/** @internal */
export type FunctionNode = NodeOf<'FunctionDeclaration' | 'FunctionExpression' | 'ArrowFunctionExpression'>;

/** @internal */
export function is<T extends keyof Shapes>(node: Optional, ...types: readonly T[]): node is NodeOf<T> {
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

/** An expression without what changes nothing at run time: casts, `!`, the wrapper of optional chains. @internal */
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

/** The text of a name: of an identifier, a `#private` one, a string as a key; the last one of `a.b.c`. @internal */
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
  for (let parent = node.parent; parent !== undefined && parent !== null; parent = parent.parent) yield parent;
}

/** The parent, not counting what `bare` strips. @internal */
export function bareParent(node: Node): Node | undefined {
  for (const parent of ancestorsOf(node)) if (bare(parent) === parent) return parent;
  return undefined;
}

/** `new Promise(…)`, which calls the function that it is given at once. @internal */
export function isNewPromise(node: Node): node is NodeOf<'NewExpression'> {
  return is(node, 'NewExpression') && is(node.callee, 'Identifier') && node.callee.name === 'Promise';
}
