import type { INestApplicationContext, Provider } from '@nestjs/common';

/** Providers that `describeExecutorContract` puts into the applications under test. @publicApi */
export interface ExecutorContractProviders {
  /** Providers of the application whose scopes let effects out. */
  readonly producer: readonly Provider[];
  /** Providers of the application that runs them; unused if effects do not leave the process. */
  readonly consumer: readonly Provider[];
}

/** Job that the running side has got. @publicApi */
export interface ExecutorContractDelivery {
  /** The id of its intent. */
  readonly id: string;
  /** Error that it failed with; absent if it succeeded. */
  readonly error?: unknown;
}

/** Producing and running side, both started. @publicApi */
export interface ExecutorContractSystem {
  /** The application whose scopes let effects out, with the executor under test as its default. */
  readonly producer: INestApplicationContext;
  /**
   * Lists the jobs that the running side has got so far, in order. Needed if effects leave the
   * process.
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
   * Boots both sides, which are one application if effects do not leave the process. Called twice:
   * give each call its own queues.
   */
  boot(providers: ExecutorContractProviders): Promise<ExecutorContractSystem>;
  /** True if effects leave the process. @default false */
  readonly remote?: boolean;
  /** True if intents are written through the open transaction's own connection. @default false */
  readonly transactional?: boolean;
  /** Number of times that the system tries an effect that keeps failing. @default 1 */
  readonly attempts?: number;
  /**
   * True if the engine keeps the order of calls. False if not: then cases compare without the
   * order.
   * @default true
   */
  readonly ordered?: boolean;
  /** Milliseconds to wait for something that must happen. @default 20_000 */
  readonly timeoutMs?: number;
}
