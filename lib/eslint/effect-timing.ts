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
  rangeOf(node: N): readonly [start: number, end: number];
  kindOf(node: N): 'await' | 'call' | 'function' | 'loop' | 'other';
  deedOf(call: N): Deed<N>;
  /** Whether each call of a function has a scope of its own, or is an effect itself. */
  standsAlone(fn: N): boolean;
}

interface Findings<N> {
  readonly effects: { readonly node: N; readonly timing: Timing }[];
  readonly awaits: N[];
  readonly loops: N[];
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
    const findings: Findings<N> = { effects: [], awaits: [], loops: [] };
    this.collect(fn, undefined, findings);
    if (findings.effects.length === 0) return 'none';
    return findings.effects.some((effect) => effect.timing === 'late' || this.isAfterAwait(effect.node, findings))
      ? 'late'
      : 'early';
  }

  /** @param around what the innermost call does that a node is an argument of; a function that is none is only defined here */
  private collect(node: N, around: Deed<N> | undefined, findings: Findings<N>): void {
    for (const child of this.tree.childrenOf(node)) {
      const kind = this.tree.kindOf(child);
      if (kind === 'function') {
        const timing = this.timingOfArgument(child, around);
        if (timing !== 'none') findings.effects.push({ node: child, timing });
        continue;
      }
      if (kind === 'await') findings.awaits.push(child);
      if (kind === 'loop') findings.loops.push(child);
      const deed = kind === 'call' ? this.tree.deedOf(child) : undefined;
      const timing = this.timingOfDeed(deed);
      if (timing !== 'none') findings.effects.push({ node: child, timing });
      this.collect(child, deed ?? around, findings);
    }
  }

  private timingOfDeed(deed: Deed<N> | undefined): Timing {
    if (deed?.does === 'enqueue') return 'early';
    return deed?.does === 'run' && deed.target !== undefined ? this.timingOf(deed.target) : 'none';
  }

  private timingOfArgument(fn: N, around: Deed<N> | undefined): Timing {
    if (around?.does !== 'run' && around?.does !== 'wait') return 'none';
    const timing = this.timingOf(fn);
    return around.does === 'wait' && timing === 'early' ? 'late' : timing;
  }

  private isAfterAwait(effect: N, { awaits, loops }: Findings<N>): boolean {
    return awaits.some(
      (wait) =>
        // `await call()` calls before it waits.
        !this.contains(wait, effect) &&
        (this.tree.rangeOf(wait)[0] < this.tree.rangeOf(effect)[1] ||
          loops.some((loop) => this.contains(loop, wait) && this.contains(loop, effect))),
    );
  }

  private contains(outer: N, inner: N): boolean {
    const [start, end] = this.tree.rangeOf(outer);
    const [from, to] = this.tree.rangeOf(inner);
    return start <= from && to <= end;
  }
}
