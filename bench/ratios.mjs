/** The middle, lowest and highest of the ratios of rounds that were measured in turn. */
export function ratioOf(mine, peers) {
  const ratios = mine.map((value, i) => value / peers[i]).sort((a, b) => a - b);
  return { ratio: ratios[ratios.length >> 1], low: ratios[0], high: ratios.at(-1) };
}

export const atLeast = (limit) => ({ goal: `≥ ${limit}`, holds: (ratio) => ratio >= limit });
export const atMost = (limit) => ({ goal: `≤ ${limit}`, holds: (ratio) => ratio <= limit });

/** A row of the table. */
export function row(what, peer, ratios, { goal, holds } = {}) {
  return { what, peer, ...ratios, ...(goal && { goal, reached: holds(ratios.ratio) }) };
}
