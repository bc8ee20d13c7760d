/** A class that Nest makes instances of. @internal */
export type Class = new (...args: never[]) => unknown;

/** A provider's or controller's class, which may hold entry points. @internal */
export interface Candidate {
  readonly type: Class;
  readonly isController: boolean;
  /** The names of its methods, inherited ones included. */
  readonly methods: readonly string[];
  /**
   * The methods that carry metadata, with its keys: each decorated method does, and few others.
   * Looked up once, since Reflect searches everything that a method inherits from.
   */
  readonly marked: ReadonlyMap<string, ReadonlySet<unknown>>;
  /** The keys of the metadata of the class, inherited ones included. */
  readonly marks: ReadonlySet<unknown>;
}
