import type { CallsBeside } from './calls-beside.js';
import { ConnectionFrames } from './connection-frames.js';
import { warnOfStatement } from './ended-by-statement.js';
import type { FrameStateError } from '../../errors/frame-state.error.js';
import type { FrameConnection } from '../model/dispatch-context.js';
import type { FrameOptions, FrameState } from './frame-options.js';
import { FrameOwner } from './frame-owner.js';
import {
  endedBefore,
  hasNoSavepoints,
  hasOpenSavepoints,
  isBesideAnother,
  outOfOrder,
  writesNoMore,
} from './frame-refusals.js';
import { leftover, openAt } from './frames-around.js';
import { places } from '../scope/place.js';
import type { Context } from '../scope/context.js';
import { isAroundTest } from './test-transaction.js';
import { noteCallOutside, warnOfUndone } from './undone-beside.js';
import { WholeTransaction } from './whole-transaction.js';
import type { Fate, FrameParticipant } from '../model/stamped-frame.js';

export type { FrameConnection, FrameOptions, FrameState };

/**
 * The frame that code runs in, as an `AsyncLocalStorage` would have it; it may have ended since.
 * @internal
 */
export const frames = {
  getStore(): TransactionFrame | undefined {
    return places.getStore()?.frame as TransactionFrame | undefined;
  },

  /**
   * Runs `fn` in a frame, and in the scope that its caller runs in. As `AsyncLocalStorage`, it does
   * nothing else where the caller runs in the frame already.
   */
  run<R, A extends unknown[]>(
    frame: TransactionFrame | undefined,
    fn: (...args: A) => R,
    ...args: A
  ): R {
    const here = places.getStore();
    if (here?.frame === frame) return fn(...args);
    return places.run({ context: here?.context, frame }, fn, ...args);
  },

  enterWith(frame: TransactionFrame | undefined): void {
    places.enterWith({ context: places.getStore()?.context, frame });
  },
};

const NO_OPTIONS: FrameOptions = {};

/**
 * Options of a frame that has ended, if it had a connection of its own: nothing can be written
 * through it.
 * Shared by all: V8 may make an object that each frame writes down at its end an old one, which
 * keeps the whole frame until the next full collection.
 */
const ENDED: FrameOptions = {};

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
  below: TransactionFrame | undefined;
  /** The frames that are open on its connection. @internal */
  readonly onConnection: ConnectionFrames<TransactionFrame>;
  /** The code that works in it. @internal */
  readonly owner = new FrameOwner(this);
  /** True for the transaction around a test: what is called in it belongs to none. @internal */
  readonly countsAsCommitted: boolean;
  /** The transaction that it is, or is a savepoint in. @internal */
  readonly whole: WholeTransaction;
  /** The open frame in whose context it was opened. @internal */
  readonly around: TransactionFrame | undefined;
  /** The rolled back frame in whose leftover context it was opened. */
  private leftBy: TransactionFrame | undefined;
  private current: FrameState = 'open';
  /** True if an effect was called in it, or in a savepoint in it. @internal */
  holdsCalls = false;
  /**
   * True for a savepoint that was open beside another one: it cannot be told which statements are
   * its own, so calls in it are refused.
   * @internal
   */
  isTangled: boolean;
  /** The names of effects that code outside of it has called since it was taken. @internal */
  calledOutside: Set<string> | undefined;
  /** Calls of code that runs in no frame, if such code has taken this savepoint. */
  private beside: CallsBeside | undefined;
  /** The savepoint that `nextSavepoint` took last. */
  private lastSavepoint: TransactionFrame | undefined;

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
    this.onConnection = below?.onConnection ?? new ConnectionFrames<TransactionFrame>(this);
    const place = places.getStore();
    const here = place?.frame as TransactionFrame | undefined;
    // Ended frames are skipped: code that begins one transaction after the other in one context
    // would chain them.
    this.around = openAt(here);
    this.leftBy = leftover(here);
    this.countsAsCommitted =
      options.countsAsCommitted === true ||
      (parent === undefined && below === undefined && isAroundTest());
    this.isTangled = parent?.isTangled === true;
    this.whole =
      parent?.whole ??
      new WholeTransaction(this, place?.context as Context | undefined, options.waitsForWrites);
  }

  get state(): FrameState {
    return this.current;
  }

  /** The transaction it is part of; itself if it is no savepoint. */
  get root(): TransactionFrame {
    return this.parent?.root ?? this;
  }

  get connection(): FrameConnection | undefined {
    if (this.options === ENDED) return { executeSql: () => Promise.reject(writesNoMore(this)) };
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

  /** Runs `fn` inside it, without ending it. */
  run<R>(fn: () => R): R {
    return frames.run(this, fn);
  }

  /**
   * Makes the rest of the caller's asynchronous function run in it, for transactions begun and
   * ended by statements.
   */
  enter(): void {
    this.owner.byStatement();
    // A function that begins another one, as it does to try again, knows of the end of the first.
    if (this.leftBy?.owner.isUnaware === true) this.leftBy = leftover(this.leftBy.next);
    frames.enterWith(this);
  }

  /**
   * `run` for a callback that the transaction is begun for: calls belong to it until the callback
   * is over, or hands it out.
   *
   * @internal
   */
  async runCallback<R>(fn: () => Promise<R>): Promise<R> {
    this.owner.forCallback();
    try {
      return await this.run(fn);
    } finally {
      this.owner.callbackOver();
    }
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
    this.owner.endedByCode();
    if (frames.getStore() !== this) this.owner.endedOutside();
    else if (this.owner.mayLeave) frames.enterWith(this.next);
  }

  /**
   * Opens a savepoint in it, before the statement that takes it. One that comes to lie beside
   * others, which the caller does not run in, is opened where no effect was called in those; none
   * can be called in any of them from then on.
   *
   * @throws FrameStateError if it has ended, or its database has no savepoints, or effects were
   * called in another savepoint of the same connection that is open and that the caller does not
   * run in: the whole transaction can then only be rolled back
   */
  savepoint(options: FrameOptions = {}): TransactionFrame {
    this.assertOpen('take a savepoint');
    if (this.options.savepoints === false) throw hasNoSavepoints(this);
    const { innermost } = this.onConnection;
    const { callersFrame } = this;
    return innermost === this || innermost === callersFrame
      ? this.savepointOn(innermost, options)
      : this.savepointBeside(callersFrame ?? this, options);
  }

  private savepointBeside(around: TransactionFrame, options: FrameOptions = {}): TransactionFrame {
    if (!this.onConnection.tangleWithin(around)) throw around.refuse('take a savepoint');
    const savepoint = this.savepointOn(around, options);
    savepoint.isTangled = true;
    return savepoint;
  }

  private savepointOn(around: TransactionFrame, options: FrameOptions): TransactionFrame {
    const { onConnection, whole } = this;
    const beside = this.callersFrame === undefined ? whole.beside : undefined;
    if (beside !== undefined) onConnection.innermost.takeBeside(beside);
    const savepoint = new TransactionFrame(
      this.optionsOfSavepoint(options),
      around.countsAsCommitted ? undefined : around,
      onConnection.innermost,
    );
    savepoint.beside = beside;
    return (onConnection.innermost = savepoint);
  }

  /** Refuses a call in a tangled savepoint, as `refuse` does. @internal */
  refuseCall(effect: string): FrameStateError {
    return this.whole.refuse(isBesideAnother(this, effect));
  }

  /**
   * `savepoint` for clients whose caller says in which frame it is taken: it lies beside another one
   * that is open in this frame, wherever the caller stands. After a savepoint that was taken by a
   * statement, the caller runs in that one.
   *
   * @throws FrameStateError as `savepoint`
   * @internal
   */
  nextSavepoint(): TransactionFrame {
    // Not the innermost frame, which may be no savepoint of the client: hosts such as that of
    // `@nestjs-cls/transactional` open frames of their own.
    return (this.lastSavepoint =
      this.lastSavepoint?.isOpen === true ? this.savepointBeside(this) : this.savepoint());
  }

  /**
   * Refuses what is asked for out of order. The whole transaction can then only be rolled back.
   *
   * @returns the error to be thrown
   * @internal
   */
  refuse(wish: string): FrameStateError {
    return this.whole.refuse(outOfOrder(this, wish, this.onConnection.innermost));
  }

  /** The frame of its connection that the caller runs in. @internal */
  get callersFrame(): TransactionFrame | undefined {
    return this.onConnection.frameAt(frames.getStore());
  }

  /** @internal */
  get isOpen(): boolean {
    return this.current === 'open' && this.fate === 'open';
  }

  /**
   * To be called just before COMMIT: transactional executors write now. Does nothing for a
   * savepoint. Rolls the frame back if the server has ended its transaction by itself.
   *
   * @throws FrameStateError if it has ended, effects were called in the transaction and a savepoint
   * in this frame is still open, or something was asked for out of order; DispatchError for a write
   * that failed. In each case the transaction is to be rolled back.
   */
  beforeCommit(): void | Promise<void> {
    this.assertOpen('be committed');
    this.whole.assertNothingRefused();
    if (!this.whole.hasCalls || this.isTangled) {
      // What is left open in it may yet undo what comes after it.
      this.onConnection.tangleWithin(this);
      return;
    }
    const open = this.onConnection.within(this).length;
    if (open > 0) throw hasOpenSavepoints(this, open);
    if (this.parent !== undefined) return;
    if (this.whole.isUndone) {
      warnOfStatement();
      return this.rollBack();
    }
    const isStillOpen = this.options.isStillOpen?.() ?? true;
    return typeof isStillOpen === 'boolean'
      ? this.writeIf(isStillOpen)
      : isStillOpen.then((isOpen) => this.writeIf(isOpen));
  }

  private writeIf(isStillOpen: boolean): void | Promise<void> {
    return isStillOpen === false ? this.rollBack() : this.whole.write();
  }

  /**
   * To be called after COMMIT: lets out the intents that wait for nothing else. For a savepoint,
   * after its RELEASE: its intents then belong to the frame around it.
   *
   * @returns once what was let out has ended; failures are reported, for the transaction did commit
   * @throws FrameStateError if it has ended
   */
  commit(): void | Promise<void> {
    this.assertOpen('be committed');
    if (this.parent !== undefined) return this.end('released');
    this.end('committed');
    return this.whole.committed();
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
    this.whole.rolledBack();
    if (this.calledOutside !== undefined) warnOfUndone(this.name, this.calledOutside);
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
    return this.fate === 'rolledBack' && this.owner.leavesWorkBehind && !this.countsAsCommitted;
  }

  /** The frame of a call that is made in its context: see `frameOfCallsIn`. @internal */
  get frameOfCalls(): TransactionFrame {
    return this.onConnection.frameOfCallsIn(this);
  }

  /** The frame of a call that does not belong to it. @internal */
  get next(): TransactionFrame | undefined {
    return this.leftBy ?? this.around;
  }

  /** @internal */
  join(participant: FrameParticipant): void {
    // Only calls that a helper's savepoint takes over have not been refused before.
    if (this.isTangled) this.refuseCall('effects called beside it');
    this.noteCall();
    this.whole.join(participant);
  }

  /** Notes a call of an effect in it, so that a rollback can tell code outside of it. @internal */
  noteCaller(effect: string): void {
    if (this.parent !== undefined && this.isOpen)
      noteCallOutside<TransactionFrame>(this, this.callersFrame, effect);
  }

  private takeBeside(beside: CallsBeside): void {
    for (const { name } of beside.giveTo(this))
      noteCallOutside<TransactionFrame>(this, undefined, name);
  }

  private noteCall(): void {
    if (this.holdsCalls) return;
    this.holdsCalls = true;
    this.parent?.noteCall();
  }

  private optionsOfSavepoint(own: FrameOptions): FrameOptions {
    // Not read off `this.options` later: a savepoint may outlive this frame, which drops its
    // options.
    const { options } = this;
    const isCurrent = options.isCurrent && { isCurrent: () => options.isCurrent!() };
    return { savepoints: true, ...isCurrent, ...own };
  }

  private end(state: FrameState): void {
    if (this.beside !== undefined) this.frameOfCalls.takeBeside(this.beside);
    this.beside = undefined;
    this.current = state;
    // Code that keeps the frame after its end need not keep its connection, which other code may
    // use by now, nor the frames before it.
    this.options = 'connection' in this.options ? ENDED : NO_OPTIONS;
    // It takes leftover calls itself from here on.
    if (this.takesLeftovers) this.leftBy = undefined;
    this.onConnection.remove(this);
    if (this.parent === undefined) this.whole.ended();
  }

  private assertOpen(wish: string): void {
    const state = this.fate === 'rolledBack' ? 'rolled back' : this.current;
    if (state !== 'open') throw endedBefore(this, wish, state);
  }
}
