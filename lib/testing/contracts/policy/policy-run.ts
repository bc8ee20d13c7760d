import { setImmediate } from 'node:timers/promises';
import { enqueueWith } from '../../../core/functions.js';
import type { Intent } from '../../../core/model/intent.js';
import type { PolicyRef } from '../../../core/model/policy.js';
import type { AirlockService } from '../../../nest/services/airlock.service.js';
import type { Call } from './call.js';

/** Call that was made, and how it ended. @internal */
export interface MadeCall {
  readonly call: Call;
  readonly effect: () => Promise<void>;
  /** Number of times that its effect ran. */
  runs: number;
  end?: 'out' | 'dropped' | 'refused' | 'failed';
  /** Error that it was refused or failed with. */
  error?: unknown;
  /** Arguments after the flush; undefined where the call was refused. */
  args?: readonly unknown[];
}

/** Calls made under a policy. @internal */
export class PolicyRun {
  readonly made: MadeCall[] = [];

  /** Makes calls in the current scope, and notes those that are refused. */
  makeAll(calls: readonly Call[]): void {
    for (const call of calls) {
      const made: MadeCall = {
        call,
        effect: async () => {
          made.runs++;
          // Lets other flushes take their turn.
          await setImmediate();
        },
        runs: 0,
      };
      this.made.push(made);
      try {
        enqueueWith(call.options, made.effect as (...args: unknown[]) => unknown, ...call.args);
      } catch (error) {
        Object.assign(made, { end: 'refused', error });
      }
    }
  }

  /**
   * Runs `work` in a scope of its own, whose outcome holds nothing back: neither calls for success
   * nor those for failures.
   */
  async within(
    airlock: AirlockService,
    policy: PolicyRef | readonly PolicyRef[],
    work: () => unknown,
  ): Promise<void> {
    const scope = airlock.open({ policy, shouldFlush: () => true });
    try {
      await scope.run(work);
    } finally {
      const { dispatched, dropped, failed } = await scope.end('failed');
      for (const intent of dispatched) this.note(intent, 'out');
      for (const { intent } of dropped) this.note(intent, 'dropped');
      for (const { intent, error } of failed) this.note(intent, 'failed', error);
    }
  }

  /** Ending of each call, as `MailService.sendReceipt(7): out`. */
  get endings(): readonly string[] {
    return this.made.map(endingOf);
  }

  private note({ effect, args }: Intent, end: MadeCall['end'], error?: unknown): void {
    const made = this.made.find((call) => call.effect === effect);
    // Undefined for a call that the policy itself has made.
    if (made !== undefined) Object.assign(made, { end, error, args });
  }
}

/** @internal */
export function endingOf({ call, end, error }: MadeCall): string {
  if (end === 'failed') return `${call.text}: failed with ${String(error)}`;
  const isOdd = end === 'refused' && !(error instanceof Error);
  return `${call.text}: ${end}${isOdd ? ` with ${typeof error}, which is not an Error` : ''}`;
}
