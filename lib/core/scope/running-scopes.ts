import { clearTimeout, setTimeout } from '../model/timers.js';
import type { UnitOfWork } from './unit-of-work.js';

/** Work whose scope opens when the first effect is called. @internal */
export interface Latent {
  /** Opens the scope now: from here on no other may be. */
  appear(): void;
}

/** The running units of work of an application, and how it comes to rest (rule 24). @internal */
export class RunningScopes {
  /**
   * True if anything calls effects, or ever has: a shutdown waits for handlers that have called
   * none yet only where one may.
   */
  callsEffects = false;
  private readonly running = new Set<UnitOfWork>();
  private readonly latent = new Set<Latent>();
  private readonly sources: (() => Promise<unknown>)[] = [];
  private closing = false;
  private over = false;
  private onIdle: (() => void) | undefined;
  private waiting: (() => void)[] = [];

  get isClosing(): boolean {
    return this.closing;
  }

  /** True once a shutdown waits for nothing any more. */
  get isOver(): boolean {
    return this.over;
  }

  get size(): number {
    return this.running.size;
  }

  /** Units that have been opened and have not come to rest. */
  get units(): readonly UnitOfWork[] {
    return [...this.running];
  }

  unitOpened(unit: UnitOfWork): void {
    this.running.add(unit);
  }

  unitEnded(unit: UnitOfWork): void {
    this.running.delete(unit);
    if (this.running.size === 0) this.onIdle?.();
  }

  /**
   * Work that may still open a scope, until it is `gone`: a shutdown has it opened, and waits for
   * it.
   */
  came(latent: Latent): void {
    this.latent.add(latent);
  }

  gone(latent: Latent): void {
    if (!this.latent.delete(latent) || this.waiting.length === 0) return;
    for (const wake of this.waiting.splice(0)) wake();
  }

  /** Work that has come and not gone, and has called no effect yet, or has. */
  get latents(): readonly Latent[] {
    return [...this.latent];
  }

  /** Resolves when the next of them has gone. */
  nextGone(): Promise<void> {
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  /**
   * `stop` is asked first at a shutdown: to fetch no more work that would need a scope, and to let
   * what is fetched end.
   */
  onShutdown(stop: () => Promise<unknown>): void {
    this.sources.push(stop);
  }

  /**
   * Stops the sources of work, then closes and waits for the units that are running.
   *
   * @param timeoutMs at most that long, in all
   * @param logError told what goes wrong while stopping
   * @returns what had not ended by then
   */
  async shutdown(
    timeoutMs: number,
    logError: (error: unknown) => void,
  ): Promise<readonly UnitOfWork[]> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, timeoutMs)));
    if (this.sources.length > 0) {
      const stopped = this.sources
        .map(async (stop) => stop())
        .map((stopping) => stopping.catch(logError));
      await Promise.race([Promise.all(stopped), late]);
    }
    this.closing = true;
    if (this.callsEffects) for (const one of this.latent) one.appear();
    if (this.running.size > 0) {
      const idle = new Promise<void>((resolve) => (this.onIdle = resolve));
      await Promise.race([idle, late]);
    }
    clearTimeout(timer);
    this.over = true;
    return [...this.running];
  }
}
