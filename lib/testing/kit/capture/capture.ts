import { AsyncLocalStorage } from 'node:async_hooks';
import type { AirlockRuntime } from '../../../core/runtime.js';
import type { AirlockMessage } from '../../../core/model/diagnostics.js';
import { type Intent, stampOf } from '../../../core/model/intent.js';
import { type ExecutorOverride, executorOverrides } from '../../../core/scope/executor-override.js';
import type { ScopeView } from '../../../core/model/scope-view.js';
import type { UnitOfWork } from '../../../core/scope/unit-of-work.js';
import { WritableRecord } from '../recording/effect-record.js';
import { type MessageKind, onMessages } from '../recording/messages.js';
import { UnitsAtWork } from '../recording/units-at-work.js';
import { KEPT_IN, keepIn } from './keep-in.js';

/** Block of a test that code runs in. */
const captures = new AsyncLocalStorage<Capture>();

/**
 * Keeps in and records what belongs to one block:
 *
 * - everything that happens in its asynchronous context, in whatever scope;
 * - scopes begun in it, to their end, and scopes nested in those;
 * - root scopes that its application opens meanwhile outside any block, as requests do that arrive
 * by a socket;
 * - what becomes of intents called in any of these.
 *
 * What belongs to a block belongs to the blocks around it too.
 *
 * @internal
 */
export class Capture {
  readonly record = new WritableRecord();
  private readonly around = captures.getStore();
  private readonly members = new WeakSet<UnitOfWork>();
  private readonly atWork = new UnitsAtWork();
  private readonly kept = new Map<AirlockRuntime, () => void>();
  private readonly stopListening: () => void;
  private isOpen = true;

  /** @param application whose entry points belong to the block; undefined for none */
  constructor(private readonly application: AirlockRuntime | undefined) {
    this.stopListening = onMessages(this.take);
    if (application !== undefined) this.keepIn(application);
  }

  /** Returns the innermost open capture of an application around the caller. */
  static around(application: AirlockRuntime): Capture | undefined {
    let capture = captures.getStore();
    while (capture !== undefined && !(capture.isOpen && capture.application === application))
      capture = capture.around;
    return capture;
  }

  run<R>(block: () => R): R {
    return captures.run(this, () => executorOverrides.run(this.executorOverride, block));
  }

  /**
   * Ends the capture once what was begun in it has ended.
   *
   * @returns the scopes that had not ended by then; what they let out later is kept in too
   */
  async end(timeoutMs: number): Promise<readonly ScopeView[]> {
    const left = await this.atWork.rest(timeoutMs);
    this.isOpen = false;
    this.stopListening();
    if (left.length === 0 && this.record.isDecided) for (const letGo of this.kept.values()) letGo();
    return left.map(({ view }) => view);
  }

  private readonly take = (kind: MessageKind, message: AirlockMessage, unit: UnitOfWork): void => {
    if (!this.concerns(kind, message, unit)) return;
    this.keepIn(unit.host as AirlockRuntime);
    if (kind !== 'scope') this.record.write(kind, message);
    else if (message.reason !== 'open') this.atWork.ended();
    else {
      this.members.add(unit);
      this.atWork.opened(unit);
    }
  };

  private concerns(
    kind: MessageKind,
    { intent, reason }: AirlockMessage,
    unit: UnitOfWork,
  ): boolean {
    if (this.isHere || this.isMember(unit)) return true;
    if (intent !== undefined) return this.record.has(intent);
    return kind === 'scope' && reason === 'open' && this.isBegunByEntryPoint(unit);
  }

  /** True if the caller runs in the block, or in one inside it. */
  private get isHere(): boolean {
    let capture = captures.getStore();
    while (capture !== undefined && capture !== this) capture = capture.around;
    return capture === this && this.isOpen;
  }

  private isMember(unit: UnitOfWork): boolean {
    for (let at: UnitOfWork | undefined = unit; at !== undefined; at = at.parent) {
      if (this.members.has(at)) return true;
    }
    return false;
  }

  /**
   * True for a root scope that an entry point has opened. Scopes of running effects belong to the
   * flush that runs them, and scopes in another open block to that block.
   */
  private isBegunByEntryPoint({ host, parent, level }: UnitOfWork): boolean {
    const isRoot = host === this.application && parent === undefined && level === undefined;
    return isRoot && captures.getStore()?.isOpen !== true;
  }

  /** Keeps in all that is dispatched in the block, or in work that it has left running. */
  private readonly executorOverride: ExecutorOverride = (intent, executor) => {
    if (this.isOpen || this.isKept(intent)) return KEPT_IN;
    const { executorOverride } = unitOfBirth(intent).host;
    return executorOverride === undefined ? executor : executorOverride(intent, executor);
  };

  private readonly isKept = (intent: Intent): boolean =>
    this.record.has(intent) || this.isMember(unitOfBirth(intent));

  /**
   * Keeps in intents of the block that are dispatched outside any block: by requests, or by a
   * commit after the block.
   */
  private keepIn(runtime: AirlockRuntime): void {
    if (!this.kept.has(runtime)) this.kept.set(runtime, keepIn(runtime, this.isKept));
  }
}

function unitOfBirth(intent: Intent): UnitOfWork {
  return stampOf(intent).birthplace as UnitOfWork;
}
