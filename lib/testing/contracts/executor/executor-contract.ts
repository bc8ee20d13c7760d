import type { INestApplicationContext, Provider } from '@nestjs/common';

/** Providers that `describeExecutorContract` puts into the applications under test. @publicApi */
export interface ExecutorContractProviders {
  /** Providers of the application whose scopes let effects out. */
  readonly producer: readonly Provider[];
  /** Providers of the one that runs them; unused where they do not leave the process. */
  readonly consumer: readonly Provider[];
}

/** Job as the running side was handed it. @publicApi */
export interface ExecutorContractDelivery {
  /** The id of its intent. */
  readonly id: string;
  /** Error that it failed with, absent where it succeeded. */
  readonly error?: unknown;
}

/** Producing and running side, both started. @publicApi */
export interface ExecutorContractSystem {
  /** The application whose scopes let effects out, with the executor under test as its default. */
  readonly producer: INestApplicationContext;
  /**
   * Lists the jobs that the running side was handed so far, in order. Needed where effects leave
   * the process.
   */
  delivered?(): readonly ExecutorContractDelivery[];
  /**
   * Runs `fn` in a transaction whose adapter tracks transactions, and rolls it back if `fn`
   * rejects. Needed for transactional executors. @default frames without a database
   */
  transaction?<T>(fn: () => Promise<T>): Promise<T>;
  /**
   * Shuts both sides down as a deployment does, and removes what they left in the engine. Called
   * once.
   */
  close(): Promise<void>;
}

/** Executor for `describeExecutorContract`, and what it promises. @publicApi */
export interface ExecutorContractOptions {
  /**
   * Boots both sides; they share one application where effects do not leave the process. Called
   * twice; give each its own queues.
   */
  boot(providers: ExecutorContractProviders): Promise<ExecutorContractSystem>;
  /** True if effects leave the process. @default false */
  readonly remote?: boolean;
  /** True if intents are written through the open transaction's own connection. @default false */
  readonly transactional?: boolean;
  /**
   * Number of times that an effect that keeps failing is tried, as the system is set up. @default 1
   */
  readonly attempts?: number;
  /**
   * False if the engine does not keep the order of calls; what needs it then compares without it.
   * @default true
   */
  readonly ordered?: boolean;
  /** Limit of the wait for what must happen, in milliseconds. @default 20_000 */
  readonly timeoutMs?: number;
}
