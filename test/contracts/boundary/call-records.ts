import { randomUUID } from 'node:crypto';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { AirlockMessage } from '../../core/model/diagnostics.js';
import { Task } from './task.js';
import { until } from './until.js';

type Listener = (message: AirlockMessage) => void;

/** Follows calls, effects and scopes through `node:diagnostics_channel`, and notices what is left over. @internal */
export class Witness {
  private readonly tasks = new Map<string, Task>();
  private readonly open = new Map<string, string>();
  private readonly faults: unknown[] = [];
  private readonly listeners: readonly (readonly [channel: string, listener: Listener])[] = [
    ['airlock:enqueue', ({ intent }) => this.of(intent, (task) => task.pending++)],
    ['airlock:dispatch', ({ intent }) => this.of(intent, (task) => task.pending--)],
    [
      'airlock:fail',
      ({ intent }) =>
        this.of(intent, (task) => {
          task.pending--;
          task.failed.push(intent!.name);
        }),
    ],
    [
      'airlock:drop',
      ({ intent, reason }) =>
        this.of(intent, (task) => {
          // A late call was never buffered.
          if (reason !== 'late') task.pending--;
          task.dropped.push(intent!.name);
        }),
    ],
    [
      'airlock:scope',
      ({ scope, reason }) => {
        if (reason === 'open') this.open.set(scope!.id, scope!.name ?? scope!.id);
        else if (!this.open.delete(scope!.id)) this.faults.push(`scope "${scope!.name}" ended twice`);
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

  task(): Task {
    const task = new Task(randomUUID());
    this.tasks.set(task.id, task);
    return task;
  }

  /** @throws Error for a call that is not of this suite */
  begins(id: string): Task {
    const task = this.tasks.get(id);
    if (task === undefined) throw new Error(`There is no call ${id}. Hand \`ContractWork.do\` the payload as it came.`);
    if (task.scopes !== undefined) this.faults.push(`the call ${id} arrived twice`);
    task.begin();
    return task;
  }

  /** What must be empty after each case: scopes that did not end, or ended twice, and rejections that nobody handled. */
  async leftOver(): Promise<readonly unknown[]> {
    await until('all scopes to end', () => this.open.size === 0, 2_000).catch(() => undefined);
    await new Promise((resolve) => setImmediate(resolve));
    const left = [...[...this.open.values()].map((name) => `scope "${name}" did not end`), ...this.faults];
    this.open.clear();
    this.faults.length = 0;
    this.tasks.clear();
    return left;
  }

  private of(intent: AirlockMessage['intent'], fn: (task: Task) => void): void {
    const task = this.tasks.get(String(intent!.args[0]));
    if (task !== undefined) fn(task);
  }
}
