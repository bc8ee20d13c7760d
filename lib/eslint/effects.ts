import type { Declarations } from './declarations.js';
import {
  bare,
  type Call,
  calledName,
  type FunctionNode,
  is,
  isFunction,
  isNewPromise,
  type Node,
} from './estree.js';
import { EffectsElsewhere } from './effects-elsewhere.js';
import { type Callbacks, callbacksOf, latest, type Timing } from './timing.js';
import { childrenOf } from './rule.js';

/**
 * Tells which calls are effects, and which functions call effects, in the file and, with types,
 * beyond it.
 * @internal
 */
export class Effects {
  private readonly known = new Map<Node, Timing>();
  private readonly elsewhere: EffectsElsewhere | undefined;

  /**
   * @param callsAfterAwait calls that may run after an `await`; if undefined, each effect in the
   *   file counts as early
   */
  constructor(
    private readonly declarations: Declarations,
    private readonly callsAfterAwait: ReadonlySet<Node> = new Set(),
  ) {
    const { checked } = declarations;
    this.elsewhere = checked && new EffectsElsewhere(checked);
  }

  /** True if a call buffers an effect. */
  isEffect(call: Call): boolean {
    const { declarations } = this;
    if (declarations.isBufferCall(call, 'enqueue', 'enqueueWith')) return true;
    const callee = bare(call.callee);
    if (
      is(callee, 'MemberExpression') &&
      declarations.typesOf(callee.object)?.includes('Deferred') === true
    ) {
      return true;
    }
    const fn = declarations.functionOf(callee);
    return fn === undefined
      ? this.elsewhere?.isEffect(call) === true
      : this.isDecorated(fn, 'SideEffect');
  }

  /** Tells when the function that a call runs calls effects. */
  timingOfCall(call: Call): Timing {
    const fn = this.declarations.functionOf(call.callee);
    return fn === undefined
      ? (this.elsewhere?.timingOfCall(call) ?? 'none')
      : this.timingOfFunction(fn);
  }

  timingOfFunction(fn: FunctionNode): Timing {
    const known = this.known.get(fn);
    if (known !== undefined) return known;
    // A function that calls itself adds nothing by that.
    this.known.set(fn, 'none');
    const standsAlone = this.isDecorated(fn, 'SideEffect', 'Airlock');
    const timing = standsAlone ? 'none' : latest(this.timingsIn(fn, undefined));
    this.known.set(fn, timing);
    return timing;
  }

  /**
   * @param around the innermost call that the node is an argument of; a function that is no
   *   argument is only defined here
   */
  private *timingsIn(node: Node, around: Node | undefined): Generator<Timing> {
    for (const child of childrenOf(node, this.declarations.code)) {
      if (isFunction(child)) {
        // It runs when the call does, after all the arguments.
        if (around !== undefined) yield this.seenFrom(around, this.timingOfCallback(child, around));
      } else if (is(child, 'CallExpression')) {
        yield this.seenFrom(child, this.isEffect(child) ? 'early' : this.timingOfCall(child));
        yield* this.timingsIn(child, child);
      } else {
        yield* this.timingsIn(child, isNewPromise(child) ? child : around);
      }
    }
  }

  private seenFrom(call: Node, timing: Timing): Timing {
    return timing === 'early' && this.callsAfterAwait.has(call) ? 'late' : timing;
  }

  private timingOfCallback(fn: FunctionNode, around: Node): Timing {
    const run = is(around, 'CallExpression') ? this.callbacksOf(around) : 'now';
    if (run === 'never') return 'none';
    const timing = this.timingOfFunction(fn);
    return run === 'later' && timing === 'early' ? 'late' : timing;
  }

  private callbacksOf(call: Call): Callbacks {
    if (this.isEffect(call) || this.declarations.opensScope(call)) return 'never';
    const isKnown = this.declarations.functionOf(call.callee) ?? this.elsewhere?.functionOf(call);
    return isKnown ? 'now' : callbacksOf(calledName(call));
  }

  private isDecorated({ parent }: FunctionNode, ...names: readonly string[]): boolean {
    return (
      is(parent, 'MethodDefinition') && this.declarations.isDecorated(parent.decorators, names)
    );
  }
}
