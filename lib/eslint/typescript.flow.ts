import type { Flow } from './control-flow.js';
import type { TsNode } from './typescript.js';

/** How control runs through a node of TypeScript's tree, told by its fields: the numbers of kinds differ by version. @internal */
export function flowOf(node: TsNode): Flow<TsNode> | undefined {
  const { expression, thenStatement, whenTrue, caseBlock, tryBlock, statement, label } = node;
  if (thenStatement !== undefined) {
    return { runs: 'one', test: some(expression), arms: [[thenStatement], some(node.elseStatement)] };
  }
  if (whenTrue !== undefined) {
    return { runs: 'one', test: some(node.condition), arms: [[whenTrue], some(node.whenFalse)] };
  }
  if (caseBlock !== undefined) {
    const clauses = caseBlock.clauses!;
    const test = some(expression, ...clauses.map((clause) => clause.expression));
    return { runs: 'cases', test, arms: clauses.map((clause) => clause.statements!) };
  }
  if (tryBlock !== undefined) {
    return { runs: 'try', block: tryBlock, handler: node.catchClause, finalizer: node.finallyBlock };
  }
  if (statement === undefined) return jumpOf(node);
  if (label !== undefined) return { runs: 'labelled', label: label.text!, body: statement };
  const { initializer, condition, incrementor } = node;
  // What is gone through with `of` or `in` is asked for once only.
  const again = initializer === undefined ? expression : undefined;
  const isTestedAfter = leadingWord(node, /do/) !== undefined;
  return {
    runs: 'again',
    before: isTestedAfter ? [] : some(initializer, condition, expression),
    body: statement,
    after: some(incrementor, condition, again),
  };
}

/** Whether a node starts with one of these words, as a statement does; names that are such words have a text or a name. @internal */
export function leadingWord(node: TsNode, words: RegExp): string | undefined {
  if (node.text !== undefined || node.name !== undefined) return undefined;
  const sticky = new RegExp(`(?:${words.source})\\b`, 'y');
  sticky.lastIndex = node.getStart();
  return sticky.exec(node.getSourceFile().text)?.[0];
}

function jumpOf(node: TsNode): Flow<TsNode> | undefined {
  const to = leadingWord(node, /return|throw|break|continue/);
  if (to === undefined) return undefined;
  return { runs: 'jump', to: node.label === undefined ? to : `${to} ${node.label.text}`, value: some(node.expression) };
}

function some(...nodes: readonly (TsNode | undefined)[]): readonly TsNode[] {
  return nodes.filter((node) => node !== undefined);
}
