import type { UnitOfWork } from '../../../core/scope/unit-of-work.js';
import { realTime } from './timers.js';

/**
 * Units of work from their beginning until they have ended and dispatched their effects.
 * @internal
 */
export class UnitsAtWork {
  private readonly units = new Set<UnitOfWork>();
  private waiting: (() => void)[] = [];

  opened(unit: UnitOfWork): void {
    this.forgetTheRested();
    this.units.add(unit);
  }

  /** Notes that a unit may have ended; has to be called at the end of each. */
  ended(): void {
    const woken = this.waiting;
    this.waiting = [];
    for (const wake of woken) wake();
  }

  /** Units that have not ended, or are still dispatching. */
  get left(): readonly UnitOfWork[] {
    this.forgetTheRested();
    return [...this.units];
  }

  /**
   * Waits until all units have ended.
   *
   * @param isIgnored true for units that are not waited for
   * @returns the units that have not ended in time
   */
  async rest(
    timeoutMs: number,
    isIgnored: (unit: UnitOfWork) => boolean = () => false,
  ): Promise<readonly UnitOfWork[]> {
    const remaining = (): readonly UnitOfWork[] => this.left.filter((unit) => !isIgnored(unit));
    let left = remaining();
    if (left.length === 0) return left;
    const time = realTime(timeoutMs);
    let isLate = false;
    const late = time.isOver.then(() => (isLate = true));
    while (left.length > 0 && !isLate) {
      await Promise.race([this.next(left[0]!), late]);
      left = remaining();
    }
    time.end();
    return left;
  }

  private async next({ isEnded, dispatching, answering }: UnitOfWork): Promise<void> {
    if (isEnded && dispatching !== undefined) await dispatching.catch(() => {});
    else if (isEnded && answering !== undefined) await answering;
    else await new Promise<void>((resolve) => this.waiting.push(resolve));
  }

  private forgetTheRested(): void {
    for (const unit of this.units)
      if (unit.isEnded && unit.dispatching === undefined && unit.answering === undefined)
        this.units.delete(unit);
  }
}
