/** A class that Nest makes instances of. @internal */
export type Class = new (...args: never[]) => unknown;

/** A provider's or controller's class, which may hold entry points. @internal */
export interface Candidate {
  readonly type: Class;
  readonly isController: boolean;
  /** The names of its methods, inherited ones included. */
  readonly methods: readonly string[];
  /**
   * Those among them that carry metadata, with its keys: few do, and all that is decorated does.
   * Looked up once, since Reflect looks at all that a method may inherit from.
   */
  readonly marked: ReadonlyMap<string, ReadonlySet<unknown>>;
  /** The keys of the metadata of the class, inherited ones included. */
  readonly marks: ReadonlySet<unknown>;
}
