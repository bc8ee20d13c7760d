import type { Declarations } from './declarations.js';
import { EffectTimings, type SyntaxTree, type Timing } from './effect-timing.js';
import type { Call, Node } from './estree.js';
import { EstreeTree } from './estree.tree.js';
import type { TsNode } from './typescript.js';
import { TypeScriptTree } from './typescript.tree.js';

/** Which calls are effects, and which functions come to call some, in the file and, with types, beyond it. @internal */
export class Effects {
  private readonly views: readonly View[];

  constructor(declarations: Declarations) {
    const { checked } = declarations;
    const written = viewOf(new EstreeTree(declarations), (node) => node);
    // What is written counts too where the types of a file do not resolve.
    this.views =
      checked === undefined
        ? [written]
        : [written, viewOf<TsNode>(new TypeScriptTree(checked), (node) => checked.tsNode(node))];
  }

  /** Whether a call buffers an effect. */
  isEffect(call: Call): boolean {
    return this.views.some((view) => view.isEffect(call));
  }

  /** When the function that a call runs calls effects. */
  timingOfCall(call: Call): Timing {
    return latest(this.views.map((view) => view.timingOfCall(call)));
  }

  timingOfFunction(fn: Node): Timing {
    return latest(this.views.map((view) => view.timingOfFunction(fn)));
  }
}

interface View {
  isEffect(call: Node): boolean;
  timingOfCall(call: Node): Timing;
  timingOfFunction(fn: Node): Timing;
}

function viewOf<N extends object>(tree: SyntaxTree<N>, find: (node: Node) => N): View {
  const timings = new EffectTimings(tree);
  return {
    isEffect: (call) => tree.deedOf(find(call)).does === 'enqueue',
    timingOfCall: (call) => {
      const deed = tree.deedOf(find(call));
      return deed.does === 'run' && deed.target !== undefined ? timings.timingOf(deed.target) : 'none';
    },
    timingOfFunction: (fn) => timings.timingOf(find(fn)),
  };
}

function latest(timings: readonly Timing[]): Timing {
  return timings.includes('late') ? 'late' : timings.includes('early') ? 'early' : 'none';
}
