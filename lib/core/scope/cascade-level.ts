/**
 * A level of a cascade: the effect whose calls a unit of work takes. Units for a user's code have
 * none.
 * @internal
 */
export interface CascadeLevel<Unit> {
  readonly depth: number;
  /** The name of that effect. */
  readonly effect: string;
  /** The level at which it was called; undefined if a user's code has called it. */
  readonly above: CascadeLevel<Unit> | undefined;
  /** The unit that lets out the first effect of the cascade. */
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
