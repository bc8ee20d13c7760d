import type { Intent } from '../core/model/intent.js';
import { checkOptions, type OptionCheck } from '../nest/options/option-checks.js';
import type { RemoteOptions } from '../nest/remote/remote-options.js';

/** Options that all engines with queues have. */
interface QueueOptions extends RemoteOptions {
  readonly queue?: string;
  queueFor?(intent: Intent): string;
  readonly dispatchTimeoutMs?: number;
}

/** Options of an engine with queues, with their defaults. @internal */
export abstract class QueueSettings<Options extends QueueOptions = QueueOptions> {
  /** The queues that this process serves; none where it only sends. */
  abstract readonly served: readonly string[];
  /** Number of effects of each queue that run at a time. */
  abstract readonly concurrency: number;
  readonly dispatchTimeoutMs: number;
  protected readonly queue: string;
  /** Refuses the name of a queue that jobs cannot go to. */
  protected abstract readonly assertQueue: (key: string, name: string) => void;

  /** @throws AirlockOptionsError for an unknown key or a value of the wrong kind */
  constructor(
    readonly options: Options,
    checks: Readonly<Record<keyof Options, OptionCheck>>,
    dispatchTimeoutMs: number,
  ) {
    checkOptions(options, checks);
    this.queue = options.queue ?? 'airlock';
    this.dispatchTimeoutMs = options.dispatchTimeoutMs ?? dispatchTimeoutMs;
  }

  /** @throws AirlockOptionsError if `queueFor` returns a name that jobs cannot go to */
  queueOf(intent: Intent): string {
    if (this.options.queueFor === undefined) return this.queue;
    const name = this.options.queueFor(intent);
    this.assertQueue('queueFor', name);
    return name;
  }
}
