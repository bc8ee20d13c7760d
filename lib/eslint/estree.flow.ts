import type { Flow } from './control-flow.js';
import { is, type Node } from './estree.js';

/** How control runs through a node of ESLint's tree. @internal */
export function flowOf(node: Node): Flow<Node> | undefined {
  if (is(node, 'IfStatement', 'ConditionalExpression')) {
    return { runs: 'one', test: [node.test], arms: [[node.consequent], some(node.alternate)] };
  }
  if (is(node, 'SwitchStatement')) {
    const test = [node.discriminant, ...some(...node.cases.map((one) => one.test))];
    return { runs: 'cases', test, arms: node.cases.map(({ consequent }) => consequent) };
  }
  if (is(node, 'TryStatement')) {
    const { block, handler, finalizer } = node;
    return { runs: 'try', block, handler: handler ?? undefined, finalizer: finalizer ?? undefined };
  }
  if (is(node, 'ReturnStatement')) return { runs: 'jump', to: 'return', value: some(node.argument) };
  if (is(node, 'ThrowStatement')) return { runs: 'jump', to: 'throw', value: [node.argument] };
  if (is(node, 'BreakStatement', 'ContinueStatement')) {
    const to = node.type === 'BreakStatement' ? 'break' : 'continue';
    return { runs: 'jump', to: node.label ? `${to} ${node.label.name}` : to, value: [] };
  }
  if (is(node, 'LabeledStatement')) return { runs: 'labelled', label: node.label.name, body: node.body };
  if (is(node, 'ForStatement', 'ForInStatement', 'ForOfStatement', 'WhileStatement', 'DoWhileStatement')) {
    const { init, left, right, test, update, body } = node;
    const first = node.type === 'DoWhileStatement' ? undefined : test;
    return { runs: 'again', before: some(init, left, right, first), body, after: some(update, test) };
  }
  return undefined;
}

function some(...nodes: readonly (Node | null | undefined)[]): readonly Node[] {
  return nodes.filter((node) => node !== null && node !== undefined);
}
