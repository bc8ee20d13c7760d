import { type Flow, nodesAfterAwait } from './control-flow.js';

/**
 * When a function calls effects, seen from whoever calls the function: never, before it first waits for something, or after.
 * Late ones are lost to a caller that does not wait: the scope may have ended by then (rule 3).
 *
 * @internal
 */
export type Timing = 'none' | 'early' | 'late';

/** What a call does, as far as effects are concerned. @internal */
export type Deed<N> =
  /** It buffers an effect; functions among its arguments are that effect. */
  | { readonly does: 'enqueue' }
  /** Functions among its arguments run in a scope of their own. */
  | { readonly does: 'openScope' }
  /** Functions among its arguments run later and nobody waits for them: timers, listeners. */
  | { readonly does: 'forget' }
  /** Functions among its arguments run after something was waited for: `then`, `transaction`. */
  | { readonly does: 'wait' }
  /** It runs `target`, where that is known, and maybe functions among its arguments. */
  | { readonly does: 'run'; readonly target: N | undefined };

/** What the analysis needs to know of a syntax tree. There are two: ESLint's of one file, TypeScript's of all. @internal */
export interface SyntaxTree<N extends object> {
  childrenOf(node: N): readonly N[];
  flowOf(node: N): Flow<N> | undefined;
  kindOf(node: N): 'await' | 'call' | 'function' | 'other';
  deedOf(call: N): Deed<N>;
  /** Whether each call of a function has a scope of its own, or is an effect itself. */
  standsAlone(fn: N): boolean;
}

/** The innermost call that a node is an argument of. */
interface Around<N> {
  readonly call: N;
  readonly deed: Deed<N>;
}

interface Findings<N> {
  readonly effects: { readonly node: N; readonly timing: Timing }[];
  readonly awaits: Set<N>;
}

/** @internal */
export class EffectTimings<N extends object> {
  private readonly known = new Map<N, Timing>();

  constructor(private readonly tree: SyntaxTree<N>) {}

  timingOf(fn: N): Timing {
    const known = this.known.get(fn);
    if (known !== undefined) return known;
    // A function that calls itself adds nothing by that.
    this.known.set(fn, 'none');
    const timing = this.tree.standsAlone(fn) ? 'none' : this.found(fn);
    this.known.set(fn, timing);
    return timing;
  }

  private found(fn: N): Timing {
    const findings: Findings<N> = { effects: [], awaits: new Set() };
    this.collect(fn, undefined, findings);
    const { effects, awaits } = findings;
    if (effects.some(({ timing }) => timing === 'late')) return 'late';
    if (effects.length === 0 || awaits.size === 0) return effects.length === 0 ? 'none' : 'early';
    const late = nodesAfterAwait<N>(this.tree.childrenOf(fn), {
      childrenOf: (node) => (this.tree.kindOf(node) === 'function' ? [] : this.tree.childrenOf(node)),
      flowOf: (node) => this.tree.flowOf(node),
      isAwait: (node) => awaits.has(node),
    });
    return effects.some(({ node }) => late.has(node)) ? 'late' : 'early';
  }

  /** @param around absent for a function that is no argument: it is only defined here */
  private collect(node: N, around: Around<N> | undefined, findings: Findings<N>): void {
    const add = (effect: N, timing: Timing): void => {
      if (timing !== 'none') findings.effects.push({ node: effect, timing });
    };
    for (const child of this.tree.childrenOf(node)) {
      const kind = this.tree.kindOf(child);
      if (kind === 'function') {
        // It runs when the call does, after all the arguments.
        if (around !== undefined) add(around.call, this.timingOfArgument(child, around.deed));
        continue;
      }
      if (kind === 'await') findings.awaits.add(child);
      const deed = kind === 'call' ? this.tree.deedOf(child) : undefined;
      if (deed !== undefined) add(child, this.timingOfDeed(deed));
      this.collect(child, deed === undefined ? around : { call: child, deed }, findings);
    }
  }

  private timingOfDeed(deed: Deed<N>): Timing {
    if (deed.does === 'enqueue') return 'early';
    return deed.does === 'run' && deed.target !== undefined ? this.timingOf(deed.target) : 'none';
  }

  private timingOfArgument(fn: N, { does }: Deed<N>): Timing {
    if (does !== 'run' && does !== 'wait') return 'none';
    const timing = this.timingOf(fn);
    return does === 'wait' && timing === 'early' ? 'late' : timing;
  }
}
