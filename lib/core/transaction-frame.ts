import { AsyncLocalStorage } from 'node:async_hooks';
import { FrameStateError } from '../errors/frame-state.error.js';
import { contexts } from './context.js';
import type { FrameConnection } from './dispatch-context.js';
import type { UnitOfWork } from './unit-of-work.js';
import type { Fate, FrameParticipant, StampedFrame } from './stamped-frame.js';
import { refuseOtherCopies } from '../installation/installed-copies.js';

export type { FrameConnection };

/** How a transaction is opened. @publicApi */
export interface FrameOptions {
  /** For messages, as `orders database`. @default 'transaction' */
  readonly name?: string;
  /** What a transactional executor writes through. @default none: such an executor refuses to write in this transaction */
  readonly connection?: FrameConnection;
  /** Whether savepoints can be opened in it. @default true */
  readonly savepoints?: boolean;
  /** Asked at each call made in it: false where its library has suspended it, so that the call belongs to the next outer one. @default always true */
  isCurrent?(): boolean;
  /**
   * For the transaction around a test, which is always rolled back: effects in it belong to no transaction, and the
   * savepoints in it behave as transactions of their own. @default false
   */
  readonly countsAsCommitted?: boolean;
}

/** Where a transaction or savepoint stands. @publicApi */
export type FrameState = 'open' | 'released' | 'committed' | 'rolledBack';

/** The frame that code stands in; it may have ended since. @internal */
export const frames = new AsyncLocalStorage<TransactionFrame | undefined>();

/**
 * One database transaction or savepoint. Intents are stamped with the innermost open one at their call and go out only
 * when its transaction has committed (rules 20 to 22). The port of transaction adapters.
 *
 * @publicApi
 */
export class TransactionFrame {
  readonly name: string;
  readonly parent: TransactionFrame | undefined;
  private current: FrameState = 'open';
  private openSavepoints = 0;
  private readonly begunIn: UnitOfWork | undefined;
  private readonly outer: TransactionFrame | undefined;
  private readonly participants = new Set<FrameParticipant>();

  /** @internal Use `openFrame` or `savepoint`. */
  constructor(
    private options: FrameOptions,
    parent?: TransactionFrame,
  ) {
    this.name = options.name ?? (parent === undefined ? 'transaction' : `savepoint in ${parent.name}`);
    this.parent = parent;
    // Ended ones are skipped, or code that begins transaction after transaction in one context would chain them.
    let outer = frames.getStore();
    while (outer !== undefined && outer.fate !== 'open') outer = outer.around;
    this.outer = outer;
    if (parent === undefined && options.countsAsCommitted !== true) {
      this.begunIn = contexts.getStore()?.receiver();
      this.begunIn?.begun(this);
    }
  }

  get state(): FrameState {
    return this.current;
  }

  /** The transaction it is part of; itself where it is no savepoint. */
  get root(): TransactionFrame {
    return this.parent?.root ?? this;
  }

  get connection(): FrameConnection | undefined {
    return this.options.connection ?? this.parent?.connection;
  }

  /** What becomes of what was enqueued in it. @internal */
  get fate(): Fate {
    if (this.current === 'rolledBack') return 'rolledBack';
    if (this.parent !== undefined) return this.parent.fate;
    return this.current === 'committed' ? 'committed' : 'open';
  }

  /** True if whatever lets `other` commit lets this one commit too. @internal */
  encloses(other: StampedFrame | undefined): boolean {
    const inherited = this.current === 'released' ? this.parent! : this;
    if (inherited !== this) return inherited.encloses(other);
    for (let frame = other as TransactionFrame | undefined; frame !== undefined; frame = frame.parent) {
      if (frame === this) return true;
    }
    return false;
  }

  /** Runs `fn` inside it, without ending it. */
  run<R>(fn: () => R): R {
    return frames.run(this, fn);
  }

  /** Makes the rest of the caller's asynchronous function stand in it, for transactions begun and ended by statements. */
  enter(): void {
    frames.enterWith(this);
  }

  /** Undoes `enter` for the rest of the caller's asynchronous function. */
  leave(): void {
    if (frames.getStore() === this) frames.enterWith(this.outer);
  }

  /**
   * Opens a savepoint in it.
   *
   * @throws FrameStateError if it has ended, or its database has no savepoints
   */
  savepoint(options: FrameOptions = {}): TransactionFrame {
    this.assertOpen('take a savepoint');
    if (this.options.savepoints === false) {
      throw this.refusal('has no savepoints. Join it, or begin a transaction of its own instead of a nested one.');
    }
    if (this.options.countsAsCommitted === true) return new TransactionFrame(options);
    this.openSavepoints++;
    return new TransactionFrame({ savepoints: true, ...this.inherited(), ...options }, this);
  }

  /**
   * The point just before COMMIT: transactional executors write now. Nothing happens for a savepoint.
   *
   * @throws FrameStateError if it has ended or a savepoint in it is still open; DispatchError for a write that failed.
   * In each case the transaction is to be rolled back.
   */
  async beforeCommit(): Promise<void> {
    this.assertOpen('be committed');
    if (this.openSavepoints > 0) {
      throw this.refusal(
        `cannot be committed: ${this.openSavepoints} savepoint(s) in it are still open. Await what runs in them before it ends.`,
      );
    }
    if (this.parent !== undefined) return;
    for (const participant of this.participants) await participant.beforeCommit(this);
  }

  /**
   * After COMMIT: lets out what waits for it alone. Of a savepoint: after its RELEASE; what was enqueued in it then belongs to
   * the frame around it.
   *
   * @returns once what was let out has ended; failures are reported, for the transaction did commit
   * @throws FrameStateError if it has ended
   */
  async commit(): Promise<void> {
    this.assertOpen('be committed');
    if (this.parent !== undefined) return this.end('released');
    this.end('committed');
    const told = [...this.participants];
    this.participants.clear();
    for (const participant of told) await participant.committed();
  }

  /**
   * After ROLLBACK, ROLLBACK TO SAVEPOINT or a COMMIT that failed: drops what was enqueued in it. Nothing happens where a
   * rollback around it came first.
   *
   * @throws FrameStateError if it has ended otherwise
   */
  rollBack(): void {
    if (this.fate === 'rolledBack') {
      this.current = 'rolledBack';
      return;
    }
    this.assertOpen('be rolled back');
    this.end('rolledBack');
    const { root } = this;
    for (const participant of root.participants) participant.rolledBack();
    if (root === this) this.participants.clear();
  }

  /** Whether a call made in its context belongs to it. @internal */
  get takesCalls(): boolean {
    return (
      this.current === 'open' &&
      this.fate === 'open' &&
      this.options.countsAsCommitted !== true &&
      this.options.isCurrent?.() !== false
    );
  }

  /** The frame its context stood in when it was opened. @internal */
  get around(): TransactionFrame | undefined {
    return this.outer;
  }

  /** @internal */
  join(participant: FrameParticipant): void {
    this.root.participants.add(participant);
  }

  private inherited(): FrameOptions {
    // Not `this.options`: a savepoint may outlive the one around it.
    const { options } = this;
    return options.isCurrent === undefined ? {} : { isCurrent: () => options.isCurrent!() };
  }

  private end(state: FrameState): void {
    this.current = state;
    // What remembers that it ended need not keep its connection, which may be somebody else's by now.
    this.options =
      this.options.connection === undefined ? {} : { connection: { executeSql: async () => this.refuse() } };
    if (this.parent !== undefined) this.parent.openSavepoints--;
    this.begunIn?.over(this);
  }

  private assertOpen(wish: string): void {
    const state = this.fate === 'rolledBack' ? 'rolled back' : this.current;
    if (state !== 'open') throw this.refusal(`cannot ${wish}: it is ${state} already. A frame ends once.`);
  }

  private refuse(): never {
    throw new FrameStateError(
      this.name,
      this.current,
      `Nothing can be written through "${this.name}": its transaction is completed.`,
    );
  }

  private refusal(problem: string): FrameStateError {
    return new FrameStateError(this.name, this.current, `Frame "${this.name}" ${problem}`);
  }
}

/**
 * Opens a frame for a transaction that has just begun, independent of any other.
 *
 * @publicApi
 */
export function openFrame(options: FrameOptions = {}): TransactionFrame {
  refuseOtherCopies();
  return new TransactionFrame(options);
}

/** The frame that an effect called here is stamped with. @internal */
export function currentFrame(): TransactionFrame | undefined {
  let frame = frames.getStore();
  while (frame !== undefined && !frame.takesCalls) frame = frame.around;
  return frame;
}

/** Runs what must not see the caller's transaction, at no cost where there is none (rule 19). @internal */
export function outsideFrames<R>(fn: () => R): R {
  return frames.getStore() === undefined ? fn() : frames.run(undefined, fn);
}
