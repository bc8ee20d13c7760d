import { clearTimeout, setTimeout } from '../model/timers.js';
import type { UnitOfWork } from './unit-of-work.js';

/** Work whose scope opens when it calls its first effect. @internal */
export interface Latent {
  /** Opens the scope now, since no scope may be opened later. */
  openNow(): void;
}

/** The running work of an application, and the shutdown that waits for it (rule 24). @internal */
export class RunningScopes {
  /**
   * True if something in the application may call effects, or has: only then does a shutdown wait
   * for handlers that have called none yet.
   */
  callsEffects = false;
  private readonly running = new Set<UnitOfWork>();
  private readonly latent = new Set<Latent>();
  private readonly sources: (() => Promise<unknown>)[] = [];
  private hasBegunToClose = false;
  private hasClosed = false;
  private onEnd: (() => void) | undefined;
  private waiting: (() => void)[] = [];

  get isClosing(): boolean {
    return this.hasBegunToClose;
  }

  /** True once a shutdown has ended. */
  get isOver(): boolean {
    return this.hasClosed;
  }

  get size(): number {
    return this.running.size;
  }

  /** Units that were opened and have not ended with all that they let out. */
  get units(): readonly UnitOfWork[] {
    return [...this.running];
  }

  unitOpened(unit: UnitOfWork): void {
    this.running.add(unit);
  }

  unitEnded(unit: UnitOfWork): void {
    this.running.delete(unit);
    this.onEnd?.();
  }

  /**
   * Notes work that may open a scope until `latentEnded`: a shutdown opens it, and waits for it.
   */
  latentBegan(latent: Latent): void {
    this.latent.add(latent);
  }

  latentEnded(latent: Latent): void {
    if (!this.latent.delete(latent) || this.waiting.length === 0) return;
    for (const wake of this.waiting.splice(0)) wake();
  }

  /** Work that has begun and not ended, whether it has called an effect or not. */
  get latents(): readonly Latent[] {
    return [...this.latent];
  }

  /** Resolves when the next of them has ended. */
  nextLatentEnd(): Promise<void> {
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  /**
   * Registers a source of work. A shutdown calls `stop` first: it fetches no more work, and
   * resolves when the work that it has fetched has ended.
   */
  onShutdown(stop: () => Promise<unknown>): void {
    this.sources.push(stop);
  }

  /**
   * Stops the sources of work, then closes and waits for the units that are running.
   *
   * @param timeoutMs limit for all of it
   * @param logError told the errors of sources
   * @param caller the unit that the caller runs in. Work may close its own application, and ends
   *   after that: it is not waited for, nor are those around it
   * @returns the units that had not ended by then
   */
  async shutdown(
    timeoutMs: number,
    logError: (error: unknown) => void,
    caller: UnitOfWork | undefined,
  ): Promise<readonly UnitOfWork[]> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, timeoutMs)));
    if (this.sources.length > 0) {
      const stopped = this.sources
        .map(async (stop) => stop())
        .map((stopping) => stopping.catch(logError));
      await Promise.race([Promise.all(stopped), late]);
    }
    this.hasBegunToClose = true;
    if (this.callsEffects) for (const latent of this.latent) latent.openNow();
    const callers = new Set<UnitOfWork>();
    for (let unit = caller; unit !== undefined; unit = unit.parent) callers.add(unit);
    const others = (): readonly UnitOfWork[] => this.units.filter((unit) => !callers.has(unit));
    if (others().length > 0) {
      const idle = new Promise<void>((resolve) => {
        this.onEnd = () => {
          if (this.running.size <= callers.size && others().length === 0) resolve();
        };
      });
      await Promise.race([idle, late]);
    }
    clearTimeout(timer);
    this.hasClosed = true;
    return others();
  }
}
