/** Place for some of many records. @internal */
export interface Shelf<T> extends Iterable<T> {
  /** @returns what `take` wants to know */
  add(item: T): number;
  /** Makes room, where the item is still there. */
  take(item: T, slot: number): void;
}

/** The last of many: the oldest one goes where there is no room. @internal */
export class LastOnes<T> implements Shelf<T> {
  private readonly slots: (T | undefined)[] = [];
  private next = 0;

  constructor(private readonly capacity: number) {}

  add(item: T): number {
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
 * The first of those that have not gone: what stays for long is not pushed out by what comes and
 * goes.
 * @internal
 */
export class FirstOnes<T> implements Shelf<T> {
  private readonly items = new Set<T>();

  constructor(private readonly capacity: number) {}

  add(item: T): number {
    if (this.items.size < this.capacity) this.items.add(item);
    return 0;
  }

  take(item: T): void {
    this.items.delete(item);
  }

  [Symbol.iterator](): Iterator<T> {
    return this.items.values();
  }
}
