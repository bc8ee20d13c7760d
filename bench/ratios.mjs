/**
 * The middle of the ratios of rounds that were measured in turn, and an interval that holds the true
 * one with a probability of 95 %; of 94 % where there are five rounds.
 */
export function ratioOf(mine, peers) {
  const ratios = mine.map((value, i) => value / peers[i]).sort((a, b) => a - b);
  const off = outsideInterval(ratios.length);
  return { ratio: medianOf(ratios), low: ratios[off], high: ratios.at(-1 - off) };
}

export function medianOf(values) {
  const sorted = values.toSorted((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
}

/**
 * How many of the lowest lie outside the interval, and of the highest: each value is as likely to
 * lie below the true middle as above, like a coin that is tossed.
 */
function outsideInterval(count) {
  let outside = 0;
  let isThisMany = 2 ** -count;
  let isAtMost = isThisMany;
  for (;;) {
    isThisMany *= (count - outside) / (outside + 1);
    isAtMost += isThisMany;
    if (2 * isAtMost > 0.05) return outside;
    outside++;
  }
}

export const atLeast = (limit) => ({ goal: `≥ ${limit}`, holds: (ratio) => ratio >= limit });
export const atMost = (limit) => ({ goal: `≤ ${limit}`, holds: (ratio) => ratio <= limit });

/** A row of the table. */
export function row(what, peer, ratios, { goal, holds } = {}) {
  if (goal === undefined) return { what, peer, ...ratios };
  const isCertain = holds(ratios.low) === holds(ratios.high);
  return { what, peer, ...ratios, goal, reached: holds(ratios.ratio), isCertain };
}
