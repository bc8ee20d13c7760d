import { listed } from '../../errors/thrown.js';
import { clearTimeout, setTimeout } from '../model/timers.js';

/** An effect that is being let out. @internal */
export interface EffectUnderWay {
  readonly name: string;
  /**
   * Time at which it began to run, as `performance.now()` tells; 0 while a policy is asked about
   * it.
   */
  readonly since: number;
}

/** A unit that lets effects out, as it is named in a warning. @internal */
export interface Flushing {
  readonly label: string;
  readonly host: {
    readonly slowFlushMs: number | undefined;
    /** The names of effects that a warning has named. */
    readonly knownAsSlow: Set<string>;
    warn(message: string): void;
  };
  readonly underWay: readonly EffectUnderWay[];
}

/** Limit of the names that are remembered: names made anew for each call must not pile up. */
const MOST_NAMES = 1_000;

/**
 * Warns of a flush that takes long, once for each scope and each effect. Has a timer only while
 * something asynchronous runs.
 * @internal
 */
export class SlowFlush {
  private timer: NodeJS.Timeout | undefined;
  private hasWarned = false;

  constructor(private readonly flushing: Flushing) {}

  begin(): void {
    const { slowFlushMs } = this.flushing.host;
    if (this.hasWarned || slowFlushMs === undefined) return;
    this.timer ??= setTimeout(() => this.warn(slowFlushMs), slowFlushMs).unref();
  }

  end(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  private warn(slowFlushMs: number): void {
    const { label, host, underWay } = this.flushing;
    this.hasWarned = true;
    if (underWay.length > 0 && underWay.every(({ name }) => host.knownAsSlow.has(name))) return;
    for (const { name } of underWay)
      if (host.knownAsSlow.size < MOST_NAMES) host.knownAsSlow.add(name);
    host.warn(
      `Scope "${label}" has been letting out effects for ${slowFlushMs} ms and has not come to the end: ${listed(underWay, progressOf)}. ` +
        'Whoever waits for it waits as long. Give the effect a `timeoutMs`, let several run at a time with `new InProcessExecutor({ concurrency })`, ' +
        "dispatch after the response, or leave it to a queue. Not shown where NODE_ENV is 'production'.",
    );
  }
}

function progressOf({ name, since }: EffectUnderWay): string {
  return since === 0
    ? `"${name}" waits for its policies`
    : `"${name}" has been running for ${Math.round(performance.now() - since)} ms`;
}
