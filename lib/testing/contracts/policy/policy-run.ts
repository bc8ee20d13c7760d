import { setImmediate } from 'node:timers/promises';
import { enqueueWith } from '../../../core/functions.js';
import type { EnqueueOptions } from '../../../core/model/enqueue-options.js';
import type { Intent } from '../../../core/model/intent.js';
import type { PolicyRef } from '../../../core/model/policy.js';
import type { FlushReport } from '../../../core/model/report.js';
import type { AirlockService } from '../../../nest/services/airlock.service.js';
import type { Call } from './call.js';

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
        const effect = made.effect as (...args: unknown[]) => Promise<void>;
        enqueueWith({ ...call.options, ...options }, effect, ...call.args);
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
    const { dispatched, dropped, failed } = this.report!;
    const ended = new Map<unknown, string>([
      ...dispatched.map(({ effect }) => [effect, 'out'] as const),
      ...dropped.map(({ intent }) => [intent.effect, 'dropped'] as const),
      ...failed.map(
        ({ intent, error }) => [intent.effect, `failed with ${String(error)}`] as const,
      ),
    ]);
    return this.made.map((made) => {
      const ending = 'refusal' in made ? 'refused' : (ended.get(made.effect) ?? 'lost');
      const runs = this.ran.filter((one) => one === made).length;
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
}
