import type { TSESLint } from '@typescript-eslint/utils';
import { root } from '../installation/location.js';
import { type Call, is, isFunction, type Node, type NodeOf } from './estree.js';

/** @internal */
export type Scope = TSESLint.Scope.Scope;
/** @internal */
export type Variable = TSESLint.Scope.Variable;
/** @internal */
export type SourceCode = Readonly<TSESLint.SourceCode>;
/** @internal */
export type RuleContext = Readonly<TSESLint.RuleContext<string, readonly unknown[]>>;
/** @internal */
export type Fixer = TSESLint.RuleFixer;
/** @internal */
export type Suggestion = TSESLint.SuggestionReportDescriptor<string>;

/**
 * The parts of an ESLint rule that these rules use; ESLint 9, ESLint 10 and oxlint all take it as
 * it is. @publicApi
 */
export interface AirlockRule {
  readonly meta: {
    readonly type: 'problem';
    readonly docs: {
      readonly description: string;
      readonly recommended: true;
      /** The rule's page in the installed package, which editors open. */
      readonly url: string | undefined;
    };
    readonly hasSuggestions?: true;
    readonly messages: Record<string, string>;
    readonly schema: object[];
  };
  // `any`: every linter has types of its own for these; each rule says what it reads of them.
  create(context: any): Record<string, (nodeOrPath: any) => void>;
}

/** The address of a rule's page; undefined where the plugin is part of somebody's bundle. @internal */
export function pageOf(rule: string): string | undefined {
  if (root === undefined) return undefined;
  const folder = root.replaceAll('\\', '/').replace(/^\/?/, '/');
  return new URL(`file://${folder}/docs/eslint/${rule}.md`).href;
}

/** The JSON schema of a list of names. @internal */
export const names = { type: 'array', items: { type: 'string' } };

/** Returns the options that the user set. @internal */
export function optionsOf<T extends object>(context: RuleContext): Partial<T> {
  return (context.options[0] ?? {}) as Partial<T>;
}

/** The nodes directly below a node, in the order of the text. @internal */
export function childrenOf(node: Node, code: SourceCode): readonly Node[] {
  const keys = code.visitorKeys[node.type] ?? [];
  return keys
    .flatMap(
      (key) =>
        (node as unknown as Record<string, Node | readonly (Node | null)[] | null | undefined>)[
          key
        ],
    )
    .filter((child): child is Node => child !== null && child !== undefined);
}

/**
 * Lists a node and all nodes below it, except those below a node that `enters` says no to.
 * @internal
 */
export function* nodesIn(
  node: Node,
  code: SourceCode,
  enters: (node: Node) => boolean = () => true,
): Generator<Node> {
  if (!enters(node)) return;
  yield node;
  for (const child of childrenOf(node, code)) yield* nodesIn(child, code, enters);
}

/** The calls among them. @internal */
export function* callsIn(
  node: Node,
  code: SourceCode,
  enters?: (node: Node) => boolean,
): Generator<Call> {
  for (const one of nodesIn(node, code, enters))
    if (one.type === 'CallExpression') yield one as Call;
}

/** The `return` statements below a node, not counting those of functions within it. @internal */
export function returnsIn(node: Node, code: SourceCode): readonly NodeOf<'ReturnStatement'>[] {
  if (is(node, 'ReturnStatement')) return [node];
  if (isFunction(node)) return [];
  return childrenOf(node, code).flatMap((child) => returnsIn(child, code));
}

/** Source on one line, short enough for a message. @internal */
export function excerpt(source: string): string {
  const line = source.replaceAll(/\s+/g, ' ');
  return line.length > 80 ? `${line.slice(0, 79)}…` : line;
}
