/**
 * A level of a cascade: the effect that the unit of work is for. Units of a user's code have none.
 * @internal
 */
export interface CascadeLevel<Unit> {
  readonly depth: number;
  /** The name of the effect that this is the level of. */
  readonly effect: string;
  /** The level at which that effect was called; undefined for one of a user's code. */
  readonly above: CascadeLevel<Unit> | undefined;
  /** The unit that is letting the first of them out. */
  readonly origin: Unit;
  readonly cascade: Cascade;
}

/** The calls that the effects of one flush make in their turn. @internal */
export interface Cascade {
  calls: number;
}

/** The effects that led to a call, outermost first, and that one. @internal */
export function chainTo(level: CascadeLevel<unknown>, effect: string): readonly string[] {
  const chain = [effect];
  for (let at: CascadeLevel<unknown> | undefined = level; at !== undefined; at = at.above)
    chain.push(at.effect);
  return chain.reverse();
}
