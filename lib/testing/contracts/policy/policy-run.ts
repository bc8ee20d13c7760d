import { setImmediate } from 'node:timers/promises';
import { enqueueWith } from '../../../core/functions.js';
import type { EnqueueOptions } from '../../../core/model/enqueue-options.js';
import type { Intent } from '../../../core/model/intent.js';
import type { PolicyRef } from '../../../core/model/policy.js';
import type { FlushReport } from '../../../core/model/report.js';
import type { AirlockService } from '../../../nest/services/airlock.service.js';
import type { Call } from './call.js';

/** Call that was made, and what is known of it so far. */
interface Made {
  readonly call: Call;
  readonly effect: () => Promise<void>;
  refusal?: unknown;
}

/** Calls made under a policy, and how each of them ended. @internal */
export class PolicyRun {
  private readonly made: Made[] = [];
  private readonly ran: Made[] = [];
  private report: FlushReport | undefined;

  /** Makes calls in the scope at hand, and notes those that are refused. */
  makeAll(calls: readonly Call[], options?: EnqueueOptions): void {
    for (const call of calls) {
      const made: Made = { call, effect: () => this.run(made) };
      this.made.push(made);
      try {
        enqueueWith(
          { ...call.options, ...options },
          made.effect as (...args: unknown[]) => Promise<void>,
          ...call.args,
        );
      } catch (error) {
        made.refusal = error;
      }
    }
  }

  /**
   * Runs `work` in a scope of its own and lets out what may go out, whatever outcome it waits for.
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
      this.report = await scope.end('failed');
    }
  }

  /** Ending of each call, as `MailService.sendReceipt(7): out`. */
  get endings(): readonly string[] {
    return this.made.map((made) => {
      const [ending, runs] = [this.endingOf(made), this.ran.filter((one) => one === made).length];
      const isFault = runs !== (ending === 'out' ? 1 : 0);
      return `${made.call.text}: ${ending}${isFault ? `, and its effect ran ${runs} times` : ''}`;
    });
  }

  /** Places, among the calls, of those whose effects ran, in the order in which they did. */
  get order(): readonly number[] {
    return this.ran.map((made) => this.made.indexOf(made));
  }

  /** Errors of calls that were refused. */
  get refusals(): readonly unknown[] {
    return this.made.flatMap((made) => ('refusal' in made ? [made.refusal] : []));
  }

  /** Errors of calls that were taken and then neither let out nor dropped. */
  get failures(): readonly unknown[] {
    return this.report!.failed.map(({ error }) => error);
  }

  /** Calls whose arguments somebody has written to. */
  get touched(): readonly string[] {
    const { dispatched, dropped, failed } = this.report!;
    const intents = [...dispatched, ...[...dropped, ...failed].map(({ intent }) => intent)];
    return intents.flatMap((intent) => {
      const { call } = this.made[this.indexOf(intent)]!;
      return call.isTouched(intent.args) ? [call.text] : [];
    });
  }

  /** @returns the place of an intent among the calls, from 0 */
  indexOf(intent: Intent): number {
    return this.made.findIndex(({ effect }) => effect === intent.effect);
  }

  private async run(made: Made): Promise<void> {
    this.ran.push(made);
    // Flushes take turns.
    await setImmediate();
  }

  private endingOf(made: Made): string {
    if ('refusal' in made) return 'refused';
    const isIt = (intent: Intent): boolean => intent.effect === made.effect;
    const { dispatched, dropped, failed } = this.report!;
    const failure = failed.find(({ intent }) => isIt(intent));
    if (failure !== undefined) return `failed with ${String(failure.error)}`;
    if (dropped.some(({ intent }) => isIt(intent))) return 'dropped';
    return dispatched.some(isIt) ? 'out' : 'lost';
  }
}
