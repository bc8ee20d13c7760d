/** Number of parts that the window is divided into. A part that is over is dropped as a whole. */
const PARTS = 60;

/** Part of the window. */
interface Part {
  readonly startsAt: number;
  readonly counts: Map<string, number>;
}

/** Counts the effects that failed lately, by name. @internal */
export class RecentFailures {
  private readonly parts: Part[] = [];

  constructor(private readonly windowMs: number) {}

  add(effect: string): void {
    const now = performance.now();
    let part = this.parts.at(-1);
    if (part === undefined || now - part.startsAt > this.windowMs / PARTS) {
      this.forget(now);
      this.parts.push((part = { startsAt: now, counts: new Map() }));
    }
    part.counts.set(effect, (part.counts.get(effect) ?? 0) + 1);
  }

  /** Number of failures within the window, by name. */
  get counts(): ReadonlyMap<string, number> {
    this.forget(performance.now());
    const counts = new Map<string, number>();
    for (const part of this.parts)
      for (const [effect, count] of part.counts)
        counts.set(effect, (counts.get(effect) ?? 0) + count);
    return counts;
  }

  private forget(now: number): void {
    while (this.parts.length > 0 && now - this.parts[0]!.startsAt > this.windowMs)
      this.parts.shift();
  }
}
