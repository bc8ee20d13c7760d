import type { Declarations } from './declarations.js';
import type { Deed, SyntaxTree } from './effect-timing.js';
import { bare, calledName, is, isFunction, type Node } from './estree.js';
import { namedDeed } from './named-deeds.js';
import { childrenOf } from './rule.js';

const LOOPS: readonly string[] = [
  'ForStatement',
  'ForInStatement',
  'ForOfStatement',
  'WhileStatement',
  'DoWhileStatement',
];

/** The file at hand, by what is written in it. @internal */
export class EstreeTree implements SyntaxTree<Node> {
  constructor(private readonly declarations: Declarations) {}

  childrenOf(node: Node): readonly Node[] {
    return childrenOf(node, this.declarations.code);
  }

  rangeOf(node: Node): readonly [number, number] {
    return node.range;
  }

  kindOf(node: Node): 'await' | 'call' | 'function' | 'loop' | 'other' {
    if (is(node, 'CallExpression')) return 'call';
    if (isFunction(node)) return 'function';
    if (LOOPS.includes(node.type)) return 'loop';
    const isAwaited = is(node.parent, 'ForOfStatement') && node.parent.await && node.parent.right === node;
    return is(node, 'AwaitExpression') || isAwaited ? 'await' : 'other';
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
