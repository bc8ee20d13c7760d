/** Place for some of many records. @internal */
export interface BoundedList<T> extends Iterable<T> {
  /** @returns the slot, for `take` */
  add(item: T): number;
  /** Removes an item, if it is still there. */
  take(item: T, slot: number): void;
}

/** Slot of an item that was not taken. */
const NOWHERE = -1;
/** Least number of items that are taken between two ticks. */
const MOST_A_TICK = 200;

/**
 * Keeps the last items: the oldest one goes if there is no room. Until the next tick it takes no
 * more items than it holds: keeping each of thousands a second for some milliseconds would cost
 * more than recording them.
 * @internal
 */
export class LatestItems<T> implements BoundedList<T> {
  private readonly slots: (T | undefined)[] = [];
  private next = 0;
  private sinceTick = 0;

  constructor(private readonly capacity: number) {}

  nextTick(): void {
    this.sinceTick = 0;
  }

  add(item: T): number {
    if (++this.sinceTick > Math.max(this.capacity, MOST_A_TICK)) return NOWHERE;
    const slot = this.next;
    this.slots[slot] = item;
    this.next = (slot + 1) % this.capacity;
    return slot;
  }

  take(item: T, slot: number): void {
    if (this.slots[slot] === item) this.slots[slot] = undefined;
  }

  *[Symbol.iterator](): Generator<T> {
    for (const item of this.slots) if (item !== undefined) yield item;
  }
}

/**
 * Keeps the first items that have not gone, so that short-lived items do not push out lasting ones.
 * @internal
 */
export class EarliestItems<T> implements BoundedList<T> {
  private readonly slots: (T | undefined)[] = [];
  private readonly free: number[] = [];

  constructor(private readonly capacity: number) {}

  add(item: T): number {
    const slot = this.free.pop() ?? this.slots.length;
    if (slot === this.capacity) return NOWHERE;
    this.slots[slot] = item;
    return slot;
  }

  take(_item: T, slot: number): void {
    if (slot === NOWHERE) return;
    this.slots[slot] = undefined;
    this.free.push(slot);
  }

  *[Symbol.iterator](): Generator<T> {
    for (const item of this.slots) if (item !== undefined) yield item;
  }
}
