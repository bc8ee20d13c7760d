import { CallsBeside } from './calls-beside.js';
import type { FrameStateError } from '../../errors/frame-state.error.js';
import type { FrameState } from './frame-options.js';
import { waitsForNoWrites } from './frame-refusals.js';
import type { FrameParticipant, StampedFrame } from '../model/stamped-frame.js';
import type { Context } from '../scope/context.js';
import type { UnitOfWork } from '../scope/unit-of-work.js';

/** The frame of a transaction itself. */
interface Root extends StampedFrame {
  readonly state: FrameState;
  readonly countsAsCommitted: boolean;
}

const NONE: ReadonlySet<FrameParticipant> = new Set();

/** A transaction with all savepoints in it, whose frames share this. @internal */
export class WholeTransaction {
  /** True if an effect was called in it, even one that survives its rollback. */
  hasCalls = false;
  /** True once a statement has rolled it back that its client did not send. */
  isUndone = false;
  /** Undefined for the transaction around a test. */
  readonly beside: CallsBeside | undefined;
  /** Made when the first joins: in most transactions no effect is called. */
  private joined: Set<FrameParticipant> | undefined;
  /** The refusal after which it can only be rolled back. */
  private refusal: FrameStateError | undefined;
  /** The unit that it was begun in, so that a scope that ends before it can say so. */
  private unit: UnitOfWork | undefined;

  /**
   * @param at context that it is begun in. Undefined once it has ended: code that keeps it need not
   *   keep all calls around it
   */
  constructor(
    private readonly root: Root,
    private at: Context | undefined,
    private readonly waitsForWrites = true,
  ) {
    if (root.countsAsCommitted) this.at = undefined;
    else this.beside = new CallsBeside(root, at);
    this.tellUnit();
  }

  /**
   * Notes a call in it, so that the server is asked before COMMIT whether it has rolled the
   * transaction back: later calls of work that is left running depend on that too.
   */
  noteCall(): void {
    this.hasCalls = true;
  }

  join(participant: FrameParticipant): void {
    this.noteCall();
    // The unit may open with the first effect that is called in it.
    if (this.unit === undefined) this.tellUnit();
    (this.joined ??= new Set()).add(participant);
  }

  private get participants(): ReadonlySet<FrameParticipant> {
    return this.joined ?? NONE;
  }

  private tellUnit(): void {
    this.unit = this.at?.opened;
    this.unit?.transactionOpened(this.root);
  }

  /** @returns the refusal, to be thrown */
  refuse(refusal: FrameStateError): FrameStateError {
    return (this.refusal = refusal);
  }

  /** @throws FrameStateError */
  assertNothingRefused(): void {
    if (this.refusal !== undefined) throw this.refusal;
  }

  /**
   * To be called when an effect is called whose executor writes just before COMMIT.
   *
   * @throws FrameStateError if the COMMIT waits for nothing: it can then only be rolled back
   */
  assertWaitsForWrites(effect: string): void {
    if (this.waitsForWrites || this.root.fate !== 'open') return;
    throw this.refuse(waitsForNoWrites(this.root, effect));
  }

  /** Lets transactional executors write. */
  write(): void | Promise<void> {
    return inTurn(this.participants.values(), (participant) => participant.beforeCommit(this.root));
  }

  committed(): void | Promise<void> {
    const { participants } = this;
    this.joined = undefined;
    return inTurn(participants.values(), (participant) => participant.committed());
  }

  /** To be called when it, or a savepoint in it, was rolled back. */
  rolledBack(): void {
    for (const participant of this.participants) participant.rolledBack();
    if (this.root.fate === 'rolledBack') this.joined = undefined;
  }

  ended(): void {
    this.beside?.ended();
    this.unit?.transactionEnded(this.root);
    this.at = this.unit = undefined;
  }
}

/** Calls participants one after the other, and waits only for those that have to be waited for. */
function inTurn(
  participants: Iterator<FrameParticipant>,
  call: (participant: FrameParticipant) => void | Promise<void>,
): void | Promise<void> {
  for (let at = participants.next(); at.done !== true; at = participants.next()) {
    const running = call(at.value);
    if (running) return running.then(() => inTurn(participants, call));
  }
}
