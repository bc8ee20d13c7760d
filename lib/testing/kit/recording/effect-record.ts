import type { AirlockMessage } from '../../../core/model/diagnostics.js';
import type { Intent } from '../../../core/model/intent.js';
import type { DroppedIntent, DropReason } from '../../../core/model/report.js';
import type { DispatchFailure } from '../../../errors/dispatch.error.js';
import type { MessageKind } from './messages.js';

/** Record of effects: which were called, and what became of each. @publicApi */
export interface EffectRecord {
  /** Calls that were buffered, in order, whatever became of them. */
  readonly effects: readonly Intent[];
  /**
   * Calls that outcome, policies and transaction let out, in the order of their dispatch. Calls
   * that a test keeps in count too.
   */
  readonly dispatched: readonly Intent[];
  /** Calls that were dropped, each with its reason and, if it was one, the policy. */
  readonly dropped: readonly DroppedIntent[];
  /** Calls that threw when they ran, or whose policy threw. */
  readonly failed: readonly DispatchFailure<Intent>[];
}

/** @internal */
export function isEffectRecord(value: unknown): value is EffectRecord {
  const record = value as Partial<EffectRecord> | null | undefined;
  return [record?.effects, record?.dispatched, record?.dropped, record?.failed].every(
    Array.isArray,
  );
}

/** Record that is still being written. @internal */
export class WritableRecord implements EffectRecord {
  private byId = new Map<string, Intent>();
  private let: Intent[] = [];
  private lost: DroppedIntent[] = [];
  private wrong: DispatchFailure<Intent>[] = [];

  get effects(): readonly Intent[] {
    return [...this.byId.values()];
  }
  get dispatched(): readonly Intent[] {
    return [...this.let];
  }
  get dropped(): readonly DroppedIntent[] {
    return [...this.lost];
  }
  get failed(): readonly DispatchFailure<Intent>[] {
    return [...this.wrong];
  }

  /** Compares ids: an intent that changes hands between scopes may become another object. */
  has({ id }: Intent): boolean {
    return this.byId.has(id);
  }

  /** True if each call was dispatched, was dropped or has failed. */
  get isDecided(): boolean {
    return this.let.length + this.lost.length + this.wrong.length >= this.byId.size;
  }

  write(kind: MessageKind, { intent, reason, policy, error }: AirlockMessage): void {
    if (intent === undefined) return;
    if (!this.has(intent)) this.byId.set(intent.id, intent);
    if (kind === 'dispatch') this.let.push(intent);
    if (kind === 'fail') this.wrong.push({ intent, error });
    if (kind !== 'drop') return;
    // Its transaction rolled back after it was written.
    this.let = this.let.filter(({ id }) => id !== intent.id);
    this.lost.push({ intent, reason: reason as DropReason, ...(policy && { policy }) });
  }

  clear(): void {
    this.byId = new Map();
    this.let = [];
    this.lost = [];
    this.wrong = [];
  }
}
