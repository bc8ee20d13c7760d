import { AsyncLocalStorage } from 'node:async_hooks';
import { Beginning } from './beginning.js';
import { ConnectionFrames } from './connection-frames.js';
import type { FrameStateError } from '../../errors/frame-state.error.js';
import type { FrameConnection } from '../model/dispatch-context.js';
import type { FrameOptions, FrameState } from './frame-options.js';
import {
  endedBefore,
  hasNoSavepoints,
  hasOpenSavepoints,
  outOfOrder,
  waitsForNoWrites,
  writesNoMore,
} from './frame-refusals.js';
import { Surroundings } from './surroundings.js';
import { isAroundTest } from './test-transaction.js';
import type { Fate, FrameParticipant } from '../model/stamped-frame.js';
import { refuseOtherCopies } from '../../installation/installed-copies.js';

export type { FrameConnection, FrameOptions, FrameState };

/** The frame that code runs in; it may have ended since. @internal */
export const frames = new AsyncLocalStorage<TransactionFrame | undefined>();

/**
 * One database transaction or savepoint. Intents are stamped with the innermost open one at their
 * call and go out only when its transaction has committed (rules 20 to 22). The port of transaction
 * adapters.
 *
 * @publicApi
 */
export class TransactionFrame {
  readonly name: string;
  readonly parent: TransactionFrame | undefined;
  /**
   * The frame that it lies in on its connection: its parent, or the transaction around a test.
   * @internal
   */
  readonly below: TransactionFrame | undefined;
  /** @internal */
  readonly connected: ConnectionFrames<TransactionFrame>;
  /** True for the transaction around a test: what is called in it belongs to none. @internal */
  readonly countsAsCommitted: boolean;
  private current: FrameState = 'open';
  private readonly surroundings: Surroundings<TransactionFrame>;
  /** Undefined for a savepoint, and for the transaction around a test. */
  private readonly beginning: Beginning | undefined;
  /** The savepoint that `nextSavepoint` took last. */
  private lastSavepoint: TransactionFrame | undefined;
  /** The reason why the whole transaction can only be rolled back. */
  private lost: FrameStateError | undefined;
  /**
   * True if `enter` was called, by a helper perhaps: then its caller may run in the frame as
   * well, and calls made after a rollback are no leftovers of it.
   */
  private isEntered = false;
  /** True if its callback has handed it out, so that code outside its context works in it. */
  private isHandedOut = false;
  /** True if it belongs to a callback alone, although `enter` was called. */
  private isOfCallback = false;
  /** True once its callback is over: from then on only its client and adapter send statements. */
  private isCallbackOver = false;
  private readonly participants = new Set<FrameParticipant>();
  /** True if an effect was called in the transaction, even one that survives its rollback. */
  private hasCalls = false;

  /** @internal Use `openFrame` or `savepoint`. */
  constructor(
    private options: FrameOptions,
    parent?: TransactionFrame,
    below?: TransactionFrame,
  ) {
    this.name =
      options.name ?? (parent === undefined ? 'transaction' : `savepoint in ${parent.name}`);
    this.parent = parent;
    this.below = below;
    this.connected = below?.connected ?? new ConnectionFrames<TransactionFrame>(this);
    this.surroundings = new Surroundings(frames.getStore());
    const isRoot = parent === undefined;
    this.countsAsCommitted =
      options.countsAsCommitted === true || (isRoot && below === undefined && isAroundTest());
    this.beginning = isRoot && !this.countsAsCommitted ? new Beginning(this) : undefined;
  }

  get state(): FrameState {
    return this.current;
  }

  /** The transaction it is part of; itself if it is no savepoint. */
  get root(): TransactionFrame {
    return this.parent?.root ?? this;
  }

  get connection(): FrameConnection | undefined {
    return this.options.connection ?? (this.parent ?? this.below)?.connection;
  }

  /** The transaction as its own client knows it, while it is open. */
  get tx(): unknown {
    return this.options.tx === undefined ? (this.parent ?? this.below)?.tx : this.options.tx();
  }

  /** Fate of what was enqueued in it. @internal */
  get fate(): Fate {
    if (this.current === 'rolledBack') return 'rolledBack';
    if (this.parent !== undefined) return this.parent.fate;
    return this.current === 'committed' ? 'committed' : 'open';
  }

  /** True if `other` cannot commit without it. @internal */
  encloses(other: TransactionFrame | undefined): boolean {
    if (this.current === 'released') return this.parent!.encloses(other);
    for (let frame = other; frame !== undefined; frame = frame.parent)
      if (frame === this) return true;
    return false;
  }

  /** Runs `fn` inside it, without ending it. */
  run<R>(fn: () => R): R {
    return frames.run(this, fn);
  }

  /**
   * Makes the rest of the caller's asynchronous function run in it, for transactions begun and
   * ended by statements.
   */
  enter(): void {
    this.takenByStatement();
    this.isEntered = true;
    frames.enterWith(this);
  }

  /**
   * Notes that its callback has returned and left it open, as a callback does that only hands out
   * the transaction. If code outside its context ends it, it counts as begun for that code by a
   * helper.
   *
   * @internal
   */
  handOut(): void {
    this.takenByStatement();
    this.isHandedOut = true;
  }

  /**
   * To be called when code sends a statement through a transaction with a callback. If that code runs
   * in no frame of the connection, the callback has handed the transaction out to it and waits: a
   * `begin()` of the application's own, around a client that has none.
   *
   * @internal
   */
  noteStatement(): void {
    if (this.isHandedOut || this.isCallbackOver) return;
    if ((this.isEntered && !this.isOfCallback) || this.standing !== undefined) return;
    this.isHandedOut = this.beginning?.byUseBeside() === true;
  }

  /** To be called when its callback has settled, before its end is sent. @internal */
  callbackEnded(): void {
    this.isCallbackOver = true;
    if (this.isHandedOut) this.adoptInto(this.place);
  }

  private takenByStatement(): void {
    if (this.parent !== undefined && this.standing === undefined) this.adoptInto(this.parent);
    this.beginning?.byStatement();
  }

  /**
   * `run` for the callback of a client that calls `enter` where the caller of the callback does not
   * see it. If the client rolls back while the callback goes on, later calls of the callback belong
   * to no transaction.
   *
   * @internal
   */
  async runCallback<R>(fn: () => Promise<R>): Promise<R> {
    this.ofCallback();
    try {
      return await this.run(fn);
    } finally {
      this.isEntered = false;
      this.callbackEnded();
    }
  }

  /** Notes that it is begun for a callback. @internal */
  ofCallback(): void {
    this.isOfCallback = true;
    this.beginning?.byCallback();
  }

  /**
   * Runs hooks that a client calls after COMMIT. The COMMIT may have failed, or was answered by a
   * rollback: effects called in the hooks share the fate of the transaction.
   *
   * @internal
   */
  runAfterCommit<R>(fn: () => R): R {
    return new TransactionFrame({ name: this.name }, this).run(fn);
  }

  /**
   * Undoes `enter` for the rest of the caller's asynchronous function, before the statement that
   * ends the transaction. If that function runs in no frame of the connection, a helper has begun
   * the transaction, and calls made in no transaction meanwhile belong to it.
   */
  leave(): void {
    const isInside = frames.getStore() === this;
    if (isInside && !this.isHandedOut) frames.enterWith(this.next);
    else if (this.holdsOthers && this.standing === undefined) this.adoptInto(this.place);
  }

  /** Gives a frame the calls that were made outside the transaction since its last statement. */
  private adoptInto(frame: TransactionFrame): void {
    this.root.beginning?.byHelper(frame);
  }

  /**
   * Opens a savepoint in it, before the statement that takes it.
   *
   * @throws FrameStateError if it has ended, or its database has no savepoints, or another
   * savepoint of the same connection is open that the caller does not run in: the whole
   * transaction can then only be rolled back
   */
  savepoint(options: FrameOptions = {}): TransactionFrame {
    this.assertOpen('take a savepoint');
    if (this.options.savepoints === false) throw hasNoSavepoints(this);
    const { innermost } = this.connected;
    if (innermost !== this && innermost !== this.standing)
      throw this.lose('take a savepoint', this.standing);
    const parent = innermost.countsAsCommitted ? undefined : innermost;
    return (this.connected.innermost = new TransactionFrame(
      this.optionsOfSavepoint(options),
      parent,
      innermost,
    ));
  }

  /**
   * `savepoint` for clients whose caller says in which frame it is taken: refused while another one
   * is open in this frame, wherever the caller stands. After a savepoint that was taken by a
   * statement, the caller runs in that one.
   *
   * @throws FrameStateError as `savepoint`
   * @internal
   */
  nextSavepoint(): TransactionFrame {
    // Not the innermost frame, which may be no savepoint of the client: hosts such as that of
    // `@nestjs-cls/transactional` open frames of their own.
    if (this.lastSavepoint?.isOpen === true) throw this.lose('take a savepoint');
    return (this.lastSavepoint = this.savepoint());
  }

  /**
   * Refuses an end out of order, for clients that always end the innermost frame of a connection.
   *
   * @throws FrameStateError if the caller runs in another one: the whole transaction can then
   *   only be rolled back
   * @internal
   */
  assertInOrder(wish: string): void {
    const { standing } = this;
    if (standing !== undefined && standing !== this.connected.innermost)
      throw this.lose(wish, standing);
  }

  /** @throws FrameStateError if a frame of its transaction was asked for out of order @internal */
  assertNotLost(): void {
    if (this.root.lost !== undefined) throw this.root.lost;
  }

  /** The frame of its connection that the caller runs in: see `standingOf`. @internal */
  get standing(): TransactionFrame | undefined {
    return this.connected.standingOf(frames.getStore());
  }

  /**
   * To be called when an effect is called whose executor writes just before COMMIT.
   *
   * @throws FrameStateError if the COMMIT waits for nothing: the whole transaction can then only be
   *   rolled back
   * @internal
   */
  assertWaitsForWrites(effect: string): void {
    const { root } = this;
    if (root.options.waitsForWrites !== false || !root.isOpen) return;
    throw (root.lost = waitsForNoWrites(root, effect));
  }

  /** @internal */
  get isOpen(): boolean {
    return this.current === 'open' && this.fate === 'open';
  }

  /**
   * Marks the whole transaction as lost: it can only be rolled back.
   *
   * @returns the error to throw for what was asked for out of order
   * @internal
   */
  lose(wish: string, frame: TransactionFrame = this): FrameStateError {
    return (frame.root.lost = outOfOrder(frame, wish, this.connected.innermost));
  }

  /**
   * To be called just before COMMIT: transactional executors write now. Does nothing for a
   * savepoint. Rolls the frame back if the server has ended its transaction by itself.
   *
   * @throws FrameStateError if it has ended, a savepoint in it is still open, or one was asked for
   * out of order; DispatchError for a write that failed. In each case the transaction is to be
   * rolled back.
   */
  async beforeCommit(): Promise<void> {
    this.assertOpen('be committed');
    this.assertNotLost();
    const open = this.connected.countIn(this) ?? 0;
    if (open > 0) throw hasOpenSavepoints(this, open);
    if (this.parent !== undefined || !this.hasCalls) return;
    const isStillOpen = this.options.isStillOpen?.() ?? true;
    if (isStillOpen !== true && (await isStillOpen) === false) return this.rollBack();
    for (const participant of this.participants) {
      const writing = participant.beforeCommit(this);
      if (writing) await writing;
    }
  }

  /**
   * To be called after COMMIT: lets out the intents that wait for nothing else. For a savepoint,
   * after its RELEASE: its intents then belong to the frame around it.
   *
   * @returns once what was let out has ended; failures are reported, for the transaction did commit
   * @throws FrameStateError if it has ended
   */
  async commit(): Promise<void> {
    this.assertOpen('be committed');
    if (this.parent !== undefined) return this.end('released');
    this.end('committed');
    const participants = [...this.participants];
    this.participants.clear();
    for (const participant of participants) {
      const dispatching = participant.committed();
      if (dispatching) await dispatching;
    }
  }

  /**
   * To be called after ROLLBACK, ROLLBACK TO SAVEPOINT or a COMMIT that failed: drops its intents.
   * Does nothing if a frame around it was rolled back before.
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

  /** True if a call made in its context belongs to it. @internal */
  get takesCalls(): boolean {
    if (this.fate === 'rolledBack') return this.takesLeftovers;
    return this.isOpen && !this.countsAsCommitted && this.options.isCurrent?.() !== false;
  }

  /**
   * True if a call made in its context after it was rolled back belongs to the undone work (rule
   * 21).
   * @internal
   */
  get takesLeftovers(): boolean {
    return this.fate === 'rolledBack' && !this.isEntered && !this.countsAsCommitted;
  }

  /** The frame of a call that is made in its context: see `placeIn`. @internal */
  get place(): TransactionFrame {
    return this.connected.placeIn(this);
  }

  /** True if a statement has begun it, and not for a callback alone. @internal */
  get isOfStatement(): boolean {
    return this.holdsOthers && !this.isOfCallback;
  }

  /** True if code outside its context may work in it. */
  private get holdsOthers(): boolean {
    return this.isEntered || this.isHandedOut;
  }

  /** The open frame in whose context it was opened. @internal */
  get around(): TransactionFrame | undefined {
    return this.surroundings.open;
  }

  /** The frame of a call that does not belong to it. @internal */
  get next(): TransactionFrame | undefined {
    return this.surroundings.next;
  }

  /** @internal */
  join(participant: FrameParticipant): void {
    this.noteCall();
    this.root.beginning?.tellUnit();
    this.root.participants.add(participant);
  }

  /**
   * Notes a call in it, so that the server is asked before COMMIT whether it has rolled the
   * transaction back: later calls of work that is left running depend on that too.
   * @internal
   */
  noteCall(): void {
    this.root.hasCalls = true;
  }

  private optionsOfSavepoint(own: FrameOptions): FrameOptions {
    // Not read off `this.options` later: a savepoint may outlive this frame, which drops its
    // options.
    const { options } = this;
    const isCurrent = options.isCurrent && { isCurrent: () => options.isCurrent!() };
    return { savepoints: true, ...isCurrent, ...own };
  }

  private end(state: FrameState): void {
    this.current = state;
    // Code that keeps the frame after its end need not keep its connection, which other code may
    // use by now, nor the frames before it.
    const { connection } = this.options;
    this.options =
      connection === undefined
        ? {}
        : { connection: { executeSql: () => Promise.reject(writesNoMore(this)) } };
    if (this.takesLeftovers) this.surroundings.forgetLeft();
    this.connected.remove(this);
    this.beginning?.ended();
  }

  private assertOpen(wish: string): void {
    const state = this.fate === 'rolledBack' ? 'rolled back' : this.current;
    if (state !== 'open') throw endedBefore(this, wish, state);
  }
}

/**
 * Opens a frame for a transaction that has just begun, independent of any other.
 *
 * @example
 * ```ts
 * await connection.query('BEGIN');
 * const frame = openFrame({ name: 'orders database' });
 * try {
 *   await frame.run(() => orders.place(order.id));
 *   await frame.beforeCommit();
 *   await connection.query('COMMIT');
 * } catch (error) {
 *   await connection.query('ROLLBACK');
 *   frame.rollBack();
 *   throw error;
 * }
 * await frame.commit();
 * ```
 *
 * @publicApi
 */
export function openFrame(options: FrameOptions = {}): TransactionFrame {
  refuseOtherCopies();
  return new TransactionFrame(options);
}
