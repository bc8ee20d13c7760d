import type { Flow } from './control-flow.js';
import type { Declarations } from './declarations.js';
import type { Deed, SyntaxTree } from './effect-timing.js';
import { flowOf } from './estree.flow.js';
import { bare, calledName, is, isFunction, isNewPromise, type Node } from './estree.js';
import { namedDeed } from './named-deeds.js';
import { childrenOf } from './rule.js';

/** The file at hand, by what is written in it. @internal */
export class EstreeTree implements SyntaxTree<Node> {
  constructor(private readonly declarations: Declarations) {}

  childrenOf(node: Node): readonly Node[] {
    return childrenOf(node, this.declarations.code);
  }

  flowOf(node: Node): Flow<Node> | undefined {
    return flowOf(node);
  }

  kindOf(node: Node): 'await' | 'call' | 'function' | 'other' {
    if (is(node, 'CallExpression') || isNewPromise(node)) return 'call';
    if (isFunction(node)) return 'function';
    return isAwait(node) ? 'await' : 'other';
  }

  deedOf(call: Node): Deed<Node> {
    if (!is(call, 'CallExpression')) return { does: 'run', target: undefined };
    if (this.declarations.isBufferCall(call, 'enqueue', 'enqueueWith')) return { does: 'enqueue' };
    const callee = bare(call.callee);
    if (is(callee, 'MemberExpression') && this.declarations.typesOf(callee.object)?.includes('Deferred') === true) {
      return { does: 'enqueue' };
    }
    if (this.declarations.opensScope(call)) return { does: 'openScope' };
    const target = this.declarations.functionOf(callee);
    if (target === undefined) return namedDeed(calledName(call));
    return this.isDecorated(target, 'SideEffect') ? { does: 'enqueue' } : { does: 'run', target };
  }

  standsAlone(fn: Node): boolean {
    return this.isDecorated(fn, 'SideEffect') || this.isDecorated(fn, 'Airlock');
  }

  private isDecorated({ parent }: Node, name: string): boolean {
    return is(parent, 'MethodDefinition') && this.declarations.isDecorated(parent.decorators, [name]);
  }
}

function isAwait(node: Node): boolean {
  // What follows a `yield` happens when somebody asks for more.
  if (is(node, 'AwaitExpression', 'YieldExpression')) return true;
  // `await using` waits where its block ends.
  if (is(node, 'BlockStatement')) {
    return node.body.some((statement) => is(statement, 'VariableDeclaration') && statement.kind === 'await using');
  }
  return is(node.parent, 'ForOfStatement') && node.parent.await && node.parent.right === node;
}
