import { randomUUID } from 'node:crypto';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { AirlockMessage } from '../../../lib/core/model/diagnostics.js';
import { CallRecord } from './call-record.js';
import { waitFor } from './wait-for.js';

type Listener = (message: AirlockMessage) => void;

/**
 * Follows calls, effects and scopes through `node:diagnostics_channel`, and notices what is left
 * over.
 */
export class CallRecords {
  private readonly calls = new Map<string, CallRecord>();
  private readonly open = new Map<string, string>();
  private readonly faults: unknown[] = [];
  private readonly listeners: readonly (readonly [channel: string, listener: Listener])[] = [
    ['airlock:enqueue', ({ intent }) => this.of(intent, (call) => call.pending++)],
    ['airlock:dispatch', ({ intent }) => this.of(intent, (call) => call.pending--)],
    [
      'airlock:fail',
      ({ intent }) =>
        this.of(intent, (call) => {
          call.pending--;
          call.failed.push(intent!.name);
        }),
    ],
    [
      'airlock:drop',
      ({ intent, reason }) =>
        this.of(intent, (call) => {
          // A late call was never buffered.
          if (reason !== 'late') call.pending--;
          call.dropped.push(intent!.name);
        }),
    ],
    [
      'airlock:scope',
      ({ scope, reason }) => {
        if (reason === 'settled') return;
        if (reason === 'open') this.open.set(scope!.id, scope!.name ?? scope!.id);
        else if (!this.open.delete(scope!.id))
          this.faults.push(`scope "${scope!.name}" ended twice`);
      },
    ],
  ];
  private readonly onUnhandled = (error: unknown): void => void this.faults.push(error);

  begin(): void {
    for (const [channel, listener] of this.listeners) subscribe(channel, listener as never);
    process.on('unhandledRejection', this.onUnhandled);
  }

  end(): void {
    for (const [channel, listener] of this.listeners) unsubscribe(channel, listener as never);
    process.off('unhandledRejection', this.onUnhandled);
  }

  newCall(): CallRecord {
    const call = new CallRecord(randomUUID());
    this.calls.set(call.id, call);
    return call;
  }

  /** @throws Error for a call that is not of this suite */
  begins(id: string): CallRecord {
    const call = this.calls.get(id);
    if (call === undefined)
      throw new Error(`There is no call ${id}. Hand \`ContractWork.do\` the payload as it came.`);
    if (call.scopes !== undefined) this.faults.push(`the call ${id} arrived twice`);
    call.begin();
    return call;
  }

  /**
   * Lists what must not exist after a case: scopes that did not end, or ended twice, and rejections
   * that nobody handled.
   */
  async leftOver(): Promise<readonly unknown[]> {
    await waitFor('all scopes to end', () => this.open.size === 0, 2_000).catch(() => undefined);
    await new Promise((resolve) => setImmediate(resolve));
    const left = [
      ...[...this.open.values()].map((name) => `scope "${name}" did not end`),
      ...this.faults,
    ];
    this.open.clear();
    this.faults.length = 0;
    this.calls.clear();
    return left;
  }

  private of(intent: AirlockMessage['intent'], fn: (call: CallRecord) => void): void {
    const call = this.calls.get(String(intent!.args[0]));
    if (call !== undefined) fn(call);
  }
}
