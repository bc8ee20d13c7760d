/** Fate of a transaction, and so of the effects called in it. @internal */
export type Fate = 'open' | 'committed' | 'rolledBack';

/** The transaction or savepoint an intent belongs to, as the buffer sees it. @internal */
export interface StampedFrame {
  readonly name: string;
  readonly fate: Fate;
  /** The transaction it is part of; itself if it is no savepoint. */
  readonly root: StampedFrame;
  join(participant: FrameParticipant): void;
  /** To be called when the database has undone it. */
  rollBack(): void;
}

/** Holder of intents of a transaction, which is told how that ends. @internal */
export interface FrameParticipant {
  /** Just before COMMIT of that transaction. @throws what must roll it back */
  beforeCommit(root: StampedFrame): void | Promise<void>;
  /** Does not throw: the transaction did commit. */
  committed(): void | Promise<void>;
  /** The transaction, or a savepoint in it. */
  rolledBack(): void;
}
