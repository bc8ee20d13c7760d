/** A database client whose transactions are tracked. @publicApi */
export interface AdapterReport {
  /** The provider, or the kind of client. */
  readonly client: string;
  /**
   * The ways into a transaction that are covered, as `dataSource.transaction`; none where the
   * adapter does not say.
   */
  readonly doors: readonly string[];
}

/** A worker of this process. @publicApi */
export interface WorkerReport {
  /** Name of the engine, such as `BullMQ`. */
  readonly engine: string;
  /** The queues or patterns that it serves. */
  readonly queues: readonly string[];
  /** Number of effects of each of them that it runs at a time, if that is limited. */
  readonly concurrency?: number;
}

/** Facts that a provider or an executor of an integration tells of itself. @internal */
export interface SelfDescription {
  readonly adapters?: readonly AdapterReport[];
  readonly workers?: readonly WorkerReport[];
  /** Form in which an executor keeps arguments. */
  readonly serializer?: string;
}

/**
 * On providers and executors that describe themselves for `explain()`; two installed copies
 * recognise each other.
 * @internal
 */
export const DESCRIBES_ITSELF: unique symbol = Symbol.for(
  'nestjs-airlock.describes-itself',
) as never;

/** The port that an integration implements to be seen in `explain()`. @internal */
export interface DescribesItself {
  [DESCRIBES_ITSELF](): SelfDescription;
}

/** @internal */
export function descriptionOf(object: object): SelfDescription {
  const describe = (object as Partial<DescribesItself>)[DESCRIBES_ITSELF];
  return typeof describe === 'function' ? describe.call(object) : {};
}
